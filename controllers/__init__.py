from . import cn_callback, eg_callback, portal, signing_agent, title
