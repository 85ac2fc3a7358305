SELECT engagement_1.xid AS c0, engagement_1.misuse_reason AS c1, engagement_1.trigger_match AS c2, engagement_1.content_state AS c3, CAST(engagement_1.deliveries AS TEXT) AS c4
FROM engagement AS engagement_1
WHERE engagement_1.brand_id = $1::UUID
AND engagement_1.misuse_reason = ANY ($2::TEXT[])
ORDER BY engagement_1.occurred_at DESC, engagement_1.id DESC
LIMIT $3::INTEGER
