-- A neutralized database sends nothing: it forgets credentials and its right to send.
-- One that has a sister for the test environment already cannot become another.
UPDATE ereceipt_registration AS production
   SET active = false
  FROM ereceipt_registration AS test
 WHERE production.environment = 'production'
   AND test.environment = 'test'
   AND test.active
   AND test.company_id = production.company_id
   AND test.authority = production.authority;
-- Addresses of its own may be those of production: empty means the authority's for tests.
UPDATE ereceipt_registration
   SET environment = 'test',
       database_uuid = NULL,
       eg_identity_url = NULL,
       eg_api_url = NULL,
       eg_portal_url = NULL,
       hr_url = NULL,
       cn_api_url = NULL,
       cn_token_url = NULL,
       cn_user_id = NULL,
       client_id = NULL,
       client_secret_sealed = NULL,
       client_secret_2_sealed = NULL,
       callback_path = NULL,
       callback_key_sealed = NULL;
DELETE FROM ereceipt_token;
UPDATE ereceipt_signing_key
   SET ready_at = NULL,
       private_key_sealed = NULL,
       pairing_sealed = NULL,
       pairing_ref = NULL,
       pin_sealed = NULL,
       pin_state = 'none',
       pin_until = NULL;
UPDATE ereceipt_signing_agent SET active = false, secret_sealed = NULL;
UPDATE ereceipt_device
   SET lifecycle = CASE lifecycle WHEN 'active' THEN 'draft' ELSE lifecycle END,
       initial_previous_uid = NULL,
       client_id = NULL,
       client_secret_sealed = NULL,
       client_secret_2_sealed = NULL,
       presharedkey_sealed = NULL;
-- Files are neither taken from folders and mails of production, nor put there.
UPDATE ereceipt_file_profile
   SET channel = 'person',
       schedule = 'manual',
       folder = NULL,
       mail_to = NULL,
       senders = NULL;
-- Other systems are told nothing.
UPDATE ereceipt_webhook
   SET active = false,
       database_uuid = NULL,
       secret_sealed = NULL,
       former_secret_sealed = NULL,
       former_until = NULL;
UPDATE ereceipt_document SET lease_token = NULL, lease_until = NULL;
UPDATE ir_cron
   SET active = false
 WHERE id IN (
    SELECT res_id FROM ir_model_data
     WHERE model = 'ir.cron' AND module = 'account_ereceipt'
 );
