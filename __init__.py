from . import controllers, fiscal, models, wizards
