SELECT advocate_review_1.id AS c0, advocate_review_1.host AS c1, advocate_review_1.status AS c2, advocate_review_1.url AS c3, advocate_review_1.rating AS c4, advocate_review_1.title AS c5, advocate_review_1.body AS c6, advocate_review_1.verified_purchase AS c7, one_2.c8, one_2.c9, one_3.c10, one_3.c11
FROM advocate_review AS advocate_review_1
LEFT OUTER JOIN LATERAL (SELECT advocate_2.score AS c8, advocate_2.id AS c9
FROM advocate AS advocate_2
WHERE advocate_2.brand_id = $1::UUID
AND advocate_2.brand_id = advocate_review_1.brand_id
AND advocate_2.id = advocate_review_1.advocate_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT product_3.title AS c10, product_3.id AS c11
FROM product AS product_3
WHERE product_3.brand_id = $1::UUID
AND product_3.brand_id = advocate_review_1.brand_id
AND product_3.id = advocate_review_1.product_id
LIMIT ALL OFFSET 0) AS one_3 ON true
WHERE advocate_review_1.brand_id = $1::UUID
ORDER BY advocate_review_1.submitted_at DESC, advocate_review_1.id DESC
LIMIT $2::INTEGER
