SELECT array((SELECT row(groups_1.rows_counted, groups_1.day, groups_1.status, groups_1.quantity)
FROM (SELECT CAST(timezone('UTC', cart_intent_1.received_at) AS DATE) AS day, cart_intent_1.status AS status, count(*) AS rows_counted, CAST(coalesce(sum(cart_intent_1.quantity), 0) AS BIGINT) AS quantity
FROM cart_intent AS cart_intent_1
WHERE cart_intent_1.brand_id = $1::UUID
AND cart_intent_1.received_at >= $2::TIMESTAMP WITH TIME ZONE
AND cart_intent_1.received_at < $3::TIMESTAMP WITH TIME ZONE GROUP BY CAST(timezone('UTC', cart_intent_1.received_at) AS DATE), cart_intent_1.status) AS groups_1
ORDER BY groups_1.rows_counted DESC, groups_1.day, groups_1.status
LIMIT $4::INTEGER)) AS c0, array((SELECT row(groups_2.rows_counted, groups_2.quantity, groups_2.offered)
FROM (SELECT CAST(coalesce(sum(by_currency.rows_counted), 0) AS BIGINT) AS rows_counted, CAST(coalesce(sum(by_currency.quantity), 0) AS BIGINT) AS quantity, array_agg(row(CAST(by_currency.amount_of_rows AS BIGINT), by_currency.currency_of_rows)
ORDER BY by_currency.currency_of_rows) FILTER (WHERE by_currency.currency_of_rows IS NOT NULL) AS offered
FROM (SELECT cart_intent_2.offer_currency AS currency_of_rows, count(*) AS rows_counted, CAST(coalesce(sum(cart_intent_2.quantity), 0) AS BIGINT) AS quantity, sum(CAST(cart_intent_2.offer_amount_minor AS BIGINT) * cart_intent_2.quantity) AS amount_of_rows
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.received_at >= $5::TIMESTAMP WITH TIME ZONE
AND cart_intent_2.received_at < $6::TIMESTAMP WITH TIME ZONE GROUP BY cart_intent_2.offer_currency) AS by_currency) AS groups_2
ORDER BY groups_2.rows_counted DESC
LIMIT $7::INTEGER)) AS c1
FROM (SELECT 1) AS once
