SELECT product_1.created_at AS c0, product_1.id AS c1, product_1.title AS c2, product_1.description AS c3, product_1.price_amount_minor AS c4, product_1.price_currency AS c5, CAST(product_1.options AS TEXT) AS c6, many_3.c7, many_3.c8, many_3.c9, many_3.c10
FROM product AS product_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c7, array_agg(many_3_rows.c1) AS c8, array_agg(many_3_rows.c2) AS c9, array_agg(many_3_rows.c3) AS c10
FROM (SELECT advocate_review_2.rating AS c0, advocate_review_2.title AS c1, one_3.c2, one_3.c3
FROM advocate_review AS advocate_review_2
LEFT OUTER JOIN LATERAL (SELECT advocate_3.id AS c2, advocate_3.score AS c3
FROM advocate AS advocate_3
WHERE advocate_3.brand_id = $1::UUID
AND advocate_3.brand_id = advocate_review_2.brand_id
AND advocate_3.id = advocate_review_2.advocate_id
LIMIT ALL OFFSET 0) AS one_3 ON true
WHERE advocate_review_2.brand_id = $1::UUID
AND advocate_review_2.brand_id = product_1.brand_id
AND advocate_review_2.product_id = product_1.id
ORDER BY advocate_review_2.submitted_at DESC, advocate_review_2.id DESC
LIMIT $2::INTEGER) AS many_3_rows) AS many_3 ON true
WHERE product_1.brand_id = $1::UUID
ORDER BY product_1.created_at DESC, product_1.id DESC
LIMIT $3::INTEGER
