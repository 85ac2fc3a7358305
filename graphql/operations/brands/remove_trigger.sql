SELECT array((SELECT row(trigger_2.tag) AS row_1
FROM trigger AS trigger_2
WHERE trigger_2.brand_id = $1::UUID
AND trigger_2.brand_id = brand_1.id
ORDER BY trigger_2.folded_tag ASC, trigger_2.id ASC
LIMIT $2::INTEGER)) AS c0
FROM brand AS brand_1
WHERE brand_1.id = $1::UUID
AND brand_1.id = $3::UUID
