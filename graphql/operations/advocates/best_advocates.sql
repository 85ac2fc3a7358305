SELECT advocate_1.id AS c0, advocate_1.score AS c1, many_2.c2, many_2.c3
FROM advocate AS advocate_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c2, array_agg(many_2_rows.c1) AS c3
FROM (SELECT advocate_review_2.rating AS c0, advocate_review_2.title AS c1
FROM advocate_review AS advocate_review_2
WHERE advocate_review_2.brand_id = $1::UUID
AND advocate_review_2.brand_id = advocate_1.brand_id
AND advocate_review_2.advocate_id = advocate_1.id
AND advocate_review_2.status IS DISTINCT FROM $2::VARCHAR
AND advocate_review_2.rating >= $3::INTEGER
ORDER BY advocate_review_2.submitted_at DESC, advocate_review_2.id DESC
LIMIT $4::INTEGER) AS many_2_rows) AS many_2 ON true
WHERE advocate_1.brand_id = $1::UUID
AND advocate_1.status = $5::VARCHAR
AND advocate_1.score >= $6::INTEGER
ORDER BY advocate_1.score DESC, advocate_1.id DESC
LIMIT $7::INTEGER
