SELECT many_2.c0
FROM brand AS brand_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c0
FROM (SELECT trigger_2.tag AS c0
FROM trigger AS trigger_2
WHERE trigger_2.brand_id = $1::UUID
AND trigger_2.brand_id = brand_1.id
ORDER BY trigger_2.folded_tag ASC, trigger_2.id ASC
LIMIT $2::INTEGER) AS many_2_rows) AS many_2 ON true
WHERE brand_1.id = $1::UUID
AND brand_1.id = $3::UUID
