SELECT shopper_1.id AS c0, shopper_1.created_at AS c1, array((SELECT row(account_link_2.retailer, account_link_2.marketplace, account_link_2.add_mode) AS row_1
FROM account_link AS account_link_2
WHERE account_link_2.status = $1
AND (EXISTS (SELECT *
FROM shopper AS shopper_1
WHERE shopper_1.brand_id = $2::UUID
AND shopper_1.person_id = account_link_2.person_id))
AND account_link_2.person_id = shopper_1.person_id
ORDER BY account_link_2.retailer ASC, account_link_2.marketplace ASC
LIMIT $3::INTEGER)) AS c2, array((SELECT row(consent_3.kind, consent_3.granted_at, consent_3.revoked_at) AS row_2
FROM consent AS consent_3
WHERE consent_3.brand_id = $2::UUID
AND consent_3.person_id = shopper_1.person_id
AND consent_3.brand_id = shopper_1.brand_id
ORDER BY consent_3.granted_at DESC, consent_3.id DESC
LIMIT $4::INTEGER)) AS c3, array((SELECT row(cart_intent_4.status) AS row_3
FROM cart_intent AS cart_intent_4
WHERE cart_intent_4.brand_id = $2::UUID
AND cart_intent_4.brand_id = shopper_1.brand_id
AND cart_intent_4.shopper_id = shopper_1.id
ORDER BY cart_intent_4.received_at DESC, cart_intent_4.id DESC
LIMIT $5::INTEGER)) AS c4
FROM shopper AS shopper_1
WHERE shopper_1.brand_id = $2::UUID
ORDER BY shopper_1.created_at ASC, shopper_1.id ASC
LIMIT $6::INTEGER
