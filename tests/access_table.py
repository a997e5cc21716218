"""Who may do what: the tables that :mod:`.test_access_roles` compares with what really
happens. Whoever adds a model or a public method adds a row."""

ROLES = ("portal", "employee", "auditor", "accountant", "manager", "administrator")

OPERATIONS = "rewcdu"

RECORDS = """
                            portal employee auditor accountant manager administrator
ereceipt.registration       ------ ------   re----  re----     re----  rewc!!
ereceipt.device             ------ ------   re----  re----     re----  rewc!!
ereceipt.document           ------ ------   re----  re----     re----  re----
ereceipt.document.move      ------ ------   re!---  re!---     re!---  re!---
ereceipt.exchange           --!--- --!---   re!---  re!---     re!---  re!---
ereceipt.seal               --!--- --!---   re!---  re!---     re!---  re!---
ereceipt.alert.cause        ------ ------   re----  re----     re----  re----
ereceipt.number             --!--- --!---   re!---  re!---     re!---  re!---
ereceipt.number.explanation ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.code               ------ ------   re----  re----     re----  re----
ereceipt.code.mapping       ------ ------   re----  re----     rewc!u  rewc!u
ereceipt.missing.code       ------ ------   re----  re----     re----  re----
ereceipt.missing.mapping    ------ ------   re----  re----     re----  re----
ereceipt.signing.key        ------ ------   re----  re----     re----  rewcdu
ereceipt.signing.agent      ------ ------   re----  re----     re----  rew---
ereceipt.signing.nonce      ------ ------   ------  ------     ------  ------
ereceipt.token              ------ ------   ------  ------     ------  ------
ereceipt.callback           ------ ------   re----  re----     re----  re----
ereceipt.request            ------ ------   re----  rewc!-     rewc!-  rewc!-
ereceipt.request.refusal    ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.payment.notice     ------ ------   re----  rew---     rew---  rew---
ereceipt.reconciliation     ------ ------   re----  re----     re----  re----
ereceipt.reconciliation.line ------ ------  re----  re----     re----  re----
ereceipt.reconcile          ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.explanation        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.document.tax       ------ ------   re----  re----     re----  re----
ereceipt.tie.out            ------ ------   re----  re----     re----  re----
ereceipt.tie.out.line       ------ ------   re----  re----     re----  re----
ereceipt.tie.out.difference ------ ------   re----  re----     re----  re----
ereceipt.tie                ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.unpaid             ------ ------   re----  re----     re----  re----
ereceipt.payment.difference ------ ------   re----  re----     re----  re----
ereceipt.file.profile       ------ ------   re----  re----     re----  rewcd!
ereceipt.file.column        ------ ------   re----  re----     re----  rewcdu
ereceipt.file.run           ------ ------   re----  re----     re----  re----
ereceipt.file.row           ------ ------   re----  re----     re----  re----
ereceipt.file.upload        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.webhook            ------ ------   re----  re----     re----  rewcdu
ereceipt.webhook.delivery   ------ ------   re----  re----     re----  re----
ereceipt.api.call           ------ ------   ------  ------     ------  ------
ereceipt.problems           ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.bulk               ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.cancel             ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.cancel.many        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.rejection          ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.pairing            ------ ------   ------  ------     ------  rewcd-
ereceipt.cn.session         ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.cn.red.request     ------ ------   re----  re----     re----  re----
ereceipt.cn.red.refusal     ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.hr.change          ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.eg.code.request    ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.eg.code.request.line ------ ------ ------  ------     rewcdu  rewcdu
ereceipt.eg.code.search     ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.eg.code.search.line ------ ------  ------  ------     rewcdu  rewcdu
ereceipt.confirmation       ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.late               ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.return.anew        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.code.import        ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.item.import        ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.item.import.line   ------ ------   ------  ------     rewcdu  rewcdu
"""
"""What comes of it when each role reads (and searches), exports, writes, creates,
duplicates and unlinks records of each model: done, ``-`` refused for want of rights,
``!`` refused for another reason (a serial is wanted, it has issued, it is sealed)."""

METHODS = """
account.journal          action_ereceipt_documents        xxxxxx
account.move             action_ereceipt_approve          ----!-
account.move             action_ereceipt_ask              ---!!-
account.move             action_ereceipt_authority_pdf    ---!!!
account.move             action_ereceipt_cancel_in_books  ---!!-
account.move             action_ereceipt_correct          ---!!-
account.move             action_ereceipt_follow_up        ---xx-
account.move             action_ereceipt_issue            ---!!-
account.move             action_ereceipt_issue_together   ---!!-
account.move             action_ereceipt_late             ---xx-
account.move             action_ereceipt_open_documents   ---xxx
account.move             action_ereceipt_open_file        ---!!!
account.move             action_ereceipt_open_original    ---xxx
account.move             action_ereceipt_open_registration ---xxx
account.move             action_ereceipt_open_replacement ---!!!
account.move             action_ereceipt_open_signing     ---xxx
account.move             action_ereceipt_rejection        ---xx-
account.move             action_ereceipt_paid_find        ---xx-
account.move             action_ereceipt_paid_open        ---xx-
account.move             action_ereceipt_paid_seen        ---xx-
account.move             action_ereceipt_request          ---!!!
account.move             action_ereceipt_open_requests    ---xxx
account.move             action_ereceipt_retry            ----!-
account.move             action_ereceipt_return_anew      ---xx-
account.move             action_ereceipt_send_now         ---xx-
account.move             action_ereceipt_sign_now         ---!!-
account.move             action_ereceipt_take_apart       ---!!-
account.move             action_ereceipt_tell_payment     ---!!-
account.move             action_ereceipt_what_now         ---xx-
account.move             action_ereceipt_withdraw         ---!!-
account.move             action_cn_log_in                 ---!!-
account.move             action_hr_change                 ---xx-
account.move             action_hr_tip                    ---xx-
account.move             ereceipt_send_now                ---xx-
ereceipt.alert.cause     action_open                      --xxxx
ereceipt.api             ask                              --xxxx
ereceipt.api             download                         --xxxx
ereceipt.api             issue                            ---xxx
ereceipt.api             list                             --xxxx
ereceipt.cancel          action_cancel                    ---!!-
ereceipt.cancel.many     action_cancel                    ---!!-
ereceipt.code            action_refresh                   ----xx
ereceipt.code.import     action_import                    ----!!
ereceipt.code.mapping    action_eg_ask                    ----xx
ereceipt.eg.code.request action_register                  ----!!
ereceipt.eg.code.search  action_search                    ----!!
ereceipt.eg.code.search.line action_use                   ----!!
ereceipt.cn.red.refusal  action_refuse                    ---!!!
ereceipt.cn.red.request  action_book                      ---!!!
ereceipt.cn.red.request  action_confirm                   ---!!!
ereceipt.cn.red.request  action_fetch                     ---xxx
ereceipt.cn.red.request  action_open_move                 --!!!!
ereceipt.cn.red.request  action_refuse                    ---xxx
ereceipt.cn.session      action_check                     ---!!!
ereceipt.cn.session      action_enter_message             ---!!!
ereceipt.cn.session      action_get_code                  ---!!!
ereceipt.cn.session      action_scanned                   ---!!!
ereceipt.cn.session      action_send_message              ---!!!
ereceipt.cn.session      action_show_code                 ---!!!
ereceipt.cn.session      look_again                       ---xxx
ereceipt.confirmation    conclude                         ---xxx
ereceipt.confirmation    confirm_group                    ---xxx
ereceipt.device          action_activate                  -----x
ereceipt.device          action_cn_log_in                 --!!!!
ereceipt.device          action_continue_chain            -----!
ereceipt.device          action_open_chain                --xxxx
ereceipt.device          action_open_documents            --xxxx
ereceipt.device          action_retire                    -----x
ereceipt.device          action_take_back                 -----x
ereceipt.device          action_test_connection           -----x
ereceipt.document        action_authority_pdf             ---!!!
ereceipt.document        action_bulk_approve              ----!-
ereceipt.document        action_bulk_ask                  ---!!-
ereceipt.document        action_bulk_cancel               ---!!-
ereceipt.document        action_bulk_correct              ---!!-
ereceipt.document        action_bulk_issue                ---!!-
ereceipt.document        action_bulk_retry                ----!-
ereceipt.document        action_bulk_send                 ---xx-
ereceipt.document        action_bulk_sign                 ---!!!
ereceipt.document        action_fetch_files               ---!!-
ereceipt.document        action_open_exchanges            xxxxxx
ereceipt.document        action_open_moves                --xxxx
ereceipt.document        action_what_now                  ---xx-
ereceipt.document        cockpit                          --xxxx
ereceipt.file.profile    action_make_file                 ---!!!
ereceipt.file.profile    action_open_runs                 xxxxxx
ereceipt.file.profile    action_upload                    ---xxx
ereceipt.file.run        action_apply                     ---!!!
ereceipt.file.run        action_cancel                    ---xxx
ereceipt.file.run        action_hand_over                 ---xxx
ereceipt.file.run        action_look_again                ---!!!
ereceipt.file.run        action_open_documents            --xxxx
ereceipt.file.upload     action_read                      ---!!!
ereceipt.hr.change       action_apply                     ---!!-
ereceipt.item.import     action_check                     ----!!
ereceipt.item.import     action_import                    ----!!
ereceipt.late            action_correct                   ---!!-
ereceipt.late            action_return_anew               ---!!!
ereceipt.late            action_send_again                ----!-
ereceipt.missing.code    action_open_product              --xxxx
ereceipt.missing.code    action_use_suggestion            ----!!
ereceipt.missing.mapping action_open                      --xxxx
ereceipt.payment.notice  action_find                      --xxxx
ereceipt.payment.notice  action_found                     ---xx-
ereceipt.payment.notice  action_missing                   ---!!-
ereceipt.payment.notice  action_open_move                 --xxxx
ereceipt.payment.notice  action_seen                      ---xx-
ereceipt.missing.mapping action_use_suggestion            ----!!
ereceipt.number          action_explain                   ---xxx
ereceipt.number.explanation action_explain                ---!!!
ereceipt.problems        action_open_wrong                ---xxx
ereceipt.problems        action_post_others               ---!!!
ereceipt.reconcile       action_start                     ---xxx
ereceipt.reconciliation  action_open_lines                xxxxxx
ereceipt.reconciliation  action_report_pdf                --xxxx
ereceipt.reconciliation  action_report_xlsx               xxxxxx
ereceipt.reconciliation  action_resume                    ---!!!
ereceipt.reconciliation.line action_adopt                 ---!!!
ereceipt.reconciliation.line action_ask                   ---!!!
ereceipt.reconciliation.line action_explain               ---xxx
ereceipt.reconciliation.line action_open_document         --xxxx
ereceipt.reconciliation.line action_open_move             --xxxx
ereceipt.reconciliation.line action_resend                ----!!
ereceipt.reconciliation.line action_take                  ---!!!
ereceipt.explanation     action_explain                   ---!!!
ereceipt.tie             action_compare                   ---xxx
ereceipt.tie.out         action_again                     ---xxx
ereceipt.tie.out         action_open_differences          --xxxx
ereceipt.tie.out         action_open_unreconciled         --xxxx
ereceipt.tie.out         action_report_pdf                --xxxx
ereceipt.tie.out         action_report_xlsx               xxxxxx
ereceipt.tie.out.line    action_open_differences          --xxxx
ereceipt.tie.out.line    action_open_documents            --xxxx
ereceipt.tie.out.difference action_open_document          --xxxx
ereceipt.tie.out.difference action_open_move              --xxxx
ereceipt.unpaid          action_open_move                 --xxxx
ereceipt.payment.difference action_open_move              --xxxx
ereceipt.payment.difference action_tell                   ---!!-
ereceipt.registration    action_open_reconciliations      xxxxxx
ereceipt.registration    action_close_breaker             -----x
ereceipt.registration    action_close_for_callbacks       -----x
ereceipt.registration    action_confirm_database          -----x
ereceipt.registration    action_open_cn_red_requests      xxxxxx
ereceipt.registration    action_open_devices              xxxxxx
ereceipt.registration    action_open_for_callbacks        -----x
ereceipt.registration    action_open_documents            --xxxx
ereceipt.registration    action_open_needs_person         --xxxx
ereceipt.registration    action_seal_credentials          -----x
ereceipt.registration    action_test_connection           -----x
ereceipt.request         action_ask                       --xxxx
ereceipt.request         action_ask_again                 ---!!!
ereceipt.request         action_grant                     ---xx-
ereceipt.request         action_send_back                 ---xx-
ereceipt.request         action_update_contact            ---xx-
ereceipt.request         action_withdraw                  ---xxx
ereceipt.request.refusal action_send_back                 ---xx-
ereceipt.rejection       action_correct                   ---!!-
ereceipt.rejection       action_decline                   ---!!-
ereceipt.rejection       action_return_anew               ---!!!
ereceipt.return.anew     action_return_anew               ---!!-
ereceipt.seal            action_open_exchanges            xxxxxx
ereceipt.signing.key     action_forget_pin                -----x
ereceipt.signing.key     action_pair_agent                -----!
ereceipt.signing.key     action_read_token                -----!
ereceipt.seal            action_verify                    --xxxx
ereceipt.webhook         action_close_breaker             -----x
ereceipt.webhook         action_confirm_database          -----x
ereceipt.webhook         action_forget_former_secret      -----x
ereceipt.webhook         action_open_deliveries           --xxxx
ereceipt.webhook         action_send_test                 -----!
ereceipt.webhook.delivery action_send_again               -----!
"""
"""What comes of a call of each public method, role by role (in the order of
``ROLES``): carried out, ``-`` refused for want of rights, ``!`` refused because of how
the test's invoice is. What only opens a view asks for no right: what it opens does."""
