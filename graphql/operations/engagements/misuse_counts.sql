SELECT engagement.misuse_reason AS reason, count(*) AS posts
FROM engagement
WHERE engagement.brand_id = $1::UUID
AND engagement.misuse_reason IS NOT NULL GROUP BY engagement.misuse_reason
ORDER BY posts DESC, engagement.misuse_reason
