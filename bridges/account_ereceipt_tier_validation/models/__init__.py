from . import account_move, ereceipt_device
