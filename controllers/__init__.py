from . import portal, signing_agent
