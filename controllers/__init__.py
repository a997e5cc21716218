from . import cn_callback, eg_callback, original, paid, portal, signing_agent, title
