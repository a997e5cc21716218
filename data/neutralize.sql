-- A neutralized database sends nothing: it forgets credentials and its right to send.
UPDATE ereceipt_registration
   SET environment = 'test',
       database_uuid = NULL,
       client_id = NULL,
       client_secret_sealed = NULL,
       client_secret_2_sealed = NULL;
UPDATE ereceipt_device
   SET lifecycle = 'draft',
       client_id = NULL,
       client_secret_sealed = NULL,
       client_secret_2_sealed = NULL,
       presharedkey_sealed = NULL;
UPDATE ereceipt_document SET lease_token = NULL, lease_until = NULL;
UPDATE ir_cron
   SET active = false
 WHERE id IN (
    SELECT res_id FROM ir_model_data
     WHERE model = 'ir.cron' AND module = 'account_ereceipt'
 );
