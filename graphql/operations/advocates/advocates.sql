SELECT advocate_1.id AS c0, advocate_1.status AS c1, advocate_1.score AS c2, CAST(advocate_1.score_components AS TEXT) AS c3, advocate_1.insider AS c4, advocate_1.disclosure_text AS c5, one_2.c6, one_2.c7, array((SELECT row(advocate_review_3.rating, one_4.c1, one_4.c2) AS row_1
FROM advocate_review AS advocate_review_3
LEFT OUTER JOIN LATERAL (SELECT product_4.title AS c1, true AS c2
FROM product AS product_4
WHERE product_4.brand_id = $1::UUID
AND product_4.brand_id = advocate_review_3.brand_id
AND product_4.id = advocate_review_3.product_id
LIMIT ALL OFFSET 0) AS one_4 ON true
WHERE advocate_review_3.brand_id = $1::UUID
AND advocate_review_3.brand_id = advocate_1.brand_id
AND advocate_review_3.advocate_id = advocate_1.id
ORDER BY advocate_review_3.submitted_at DESC, advocate_review_3.id DESC
LIMIT $2::INTEGER)) AS c8
FROM advocate AS advocate_1
LEFT OUTER JOIN LATERAL (SELECT shopper_2.id AS c6, true AS c7
FROM shopper AS shopper_2
WHERE shopper_2.brand_id = $1::UUID
AND shopper_2.brand_id = advocate_1.brand_id
AND shopper_2.id = advocate_1.shopper_id
LIMIT ALL OFFSET 0) AS one_2 ON true
WHERE advocate_1.brand_id = $1::UUID
ORDER BY advocate_1.created_at DESC, advocate_1.id DESC
LIMIT $3::INTEGER
