SELECT groups_1.rows_counted AS c0, groups_1.misuse_reason AS c1
FROM (SELECT engagement_1.misuse_reason AS misuse_reason, count(*) AS rows_counted
FROM engagement AS engagement_1
WHERE engagement_1.brand_id = $1::UUID
AND engagement_1.misuse_reason IS NOT NULL GROUP BY engagement_1.misuse_reason) AS groups_1
ORDER BY groups_1.rows_counted DESC, groups_1.misuse_reason
LIMIT $2::INTEGER
