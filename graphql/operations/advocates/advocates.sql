SELECT advocate_1.id AS c0, advocate_1.status AS c1, advocate_1.score AS c2, CAST(advocate_1.score_components AS TEXT) AS c3, advocate_1.insider AS c4, advocate_1.disclosure_text AS c5, one_2.c6, many_4.c7, many_4.c8
FROM advocate AS advocate_1
LEFT OUTER JOIN LATERAL (SELECT shopper_2.id AS c6
FROM shopper AS shopper_2
WHERE shopper_2.brand_id = $1::UUID
AND shopper_2.brand_id = advocate_1.brand_id
AND shopper_2.id = advocate_1.shopper_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_4_rows.c0) AS c7, array_agg(many_4_rows.c1) AS c8
FROM (SELECT advocate_review_3.rating AS c0, one_4.c1
FROM advocate_review AS advocate_review_3
LEFT OUTER JOIN LATERAL (SELECT product_4.title AS c1
FROM product AS product_4
WHERE product_4.brand_id = $1::UUID
AND product_4.brand_id = advocate_review_3.brand_id
AND product_4.id = advocate_review_3.product_id
LIMIT ALL OFFSET 0) AS one_4 ON true
WHERE advocate_review_3.brand_id = $1::UUID
AND advocate_review_3.brand_id = advocate_1.brand_id
AND advocate_review_3.advocate_id = advocate_1.id
ORDER BY advocate_review_3.submitted_at DESC, advocate_review_3.id DESC
LIMIT $2::INTEGER) AS many_4_rows) AS many_4 ON true
WHERE advocate_1.brand_id = $1::UUID
ORDER BY advocate_1.created_at DESC, advocate_1.id DESC
LIMIT $3::INTEGER
