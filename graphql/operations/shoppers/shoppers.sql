SELECT shopper_1.id AS c0, CAST(shopper_1.created_at AS TEXT) AS c1, many_2.c2, many_2.c3, many_2.c4, many_3.c5, many_3.c6, many_3.c7, many_4.c8
FROM shopper AS shopper_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c2, array_agg(many_2_rows.c1) AS c3, array_agg(many_2_rows.c2) AS c4
FROM (SELECT account_link_2.retailer AS c0, account_link_2.marketplace AS c1, account_link_2.add_mode AS c2
FROM account_link AS account_link_2
WHERE account_link_2.status = $1
AND (EXISTS (SELECT *
FROM shopper AS shopper_1
WHERE shopper_1.brand_id = $2::UUID
AND shopper_1.person_id = account_link_2.person_id))
AND account_link_2.person_id = shopper_1.person_id
ORDER BY account_link_2.retailer ASC, account_link_2.marketplace ASC
LIMIT $3::INTEGER) AS many_2_rows) AS many_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c5, array_agg(many_3_rows.c1) AS c6, array_agg(many_3_rows.c2) AS c7
FROM (SELECT consent_3.kind AS c0, CAST(consent_3.granted_at AS TEXT) AS c1, CAST(consent_3.revoked_at AS TEXT) AS c2
FROM consent AS consent_3
WHERE consent_3.brand_id = $2::UUID
AND consent_3.person_id = shopper_1.person_id
AND consent_3.brand_id = shopper_1.brand_id
ORDER BY consent_3.granted_at DESC, consent_3.id DESC
LIMIT $4::INTEGER) AS many_3_rows) AS many_3 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_4_rows.c0) AS c8
FROM (SELECT cart_intent_4.status AS c0
FROM cart_intent AS cart_intent_4
WHERE cart_intent_4.brand_id = $2::UUID
AND cart_intent_4.brand_id = shopper_1.brand_id
AND cart_intent_4.shopper_id = shopper_1.id
ORDER BY cart_intent_4.received_at DESC, cart_intent_4.id DESC
LIMIT $5::INTEGER) AS many_4_rows) AS many_4 ON true
WHERE shopper_1.brand_id = $2::UUID
ORDER BY shopper_1.created_at ASC, shopper_1.id ASC
LIMIT $6::INTEGER
