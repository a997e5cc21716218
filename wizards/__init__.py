from . import (
    account_move_send,
    account_resequence,
    ereceipt_cancel,
    ereceipt_confirmation,
    ereceipt_eg_code_request,
    ereceipt_hr_change,
    ereceipt_item_import,
    ereceipt_late,
    ereceipt_pairing,
    ereceipt_problems,
    ereceipt_return_anew,
    validate_account_move,
)
