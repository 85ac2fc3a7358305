SELECT array((SELECT row(groups_1.rows_counted, groups_1.rating)
FROM (SELECT advocate_review_1.rating AS rating, count(*) AS rows_counted
FROM advocate_review AS advocate_review_1
WHERE advocate_review_1.brand_id = $1::UUID
AND advocate_review_1.status = $2::VARCHAR GROUP BY advocate_review_1.rating) AS groups_1
ORDER BY groups_1.rows_counted DESC, groups_1.rating
LIMIT $3::INTEGER)) AS c0, (SELECT count(*) AS count_1
FROM advocate_review AS advocate_review_2
WHERE advocate_review_2.brand_id = $1::UUID) AS c1
FROM (SELECT 1) AS once
