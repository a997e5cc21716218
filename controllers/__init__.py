from . import eg_callback, portal, signing_agent, title
