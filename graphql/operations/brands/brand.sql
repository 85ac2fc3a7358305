SELECT brand_1.id AS c0, brand_1.name AS c1, brand_1.x_handle AS c2, brand_1.status AS c3, many_2.c4, many_2.c5, many_3.c6, many_3.c7, many_3.c8
FROM brand AS brand_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c4, array_agg(many_2_rows.c1) AS c5
FROM (SELECT brand_marketplace_2.marketplace AS c0, brand_marketplace_2.retailer AS c1
FROM brand_marketplace AS brand_marketplace_2
WHERE brand_marketplace_2.brand_id = $1::UUID
AND brand_marketplace_2.brand_id = brand_1.id
ORDER BY brand_marketplace_2.marketplace ASC, brand_marketplace_2.id ASC
LIMIT $2::INTEGER) AS many_2_rows) AS many_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c6, array_agg(many_3_rows.c1) AS c7, array_agg(many_3_rows.c2) AS c8
FROM (SELECT trigger_3.tag AS c0, trigger_3.marketplace AS c1, trigger_3.action AS c2
FROM trigger AS trigger_3
WHERE trigger_3.brand_id = $1::UUID
AND trigger_3.brand_id = brand_1.id
ORDER BY trigger_3.folded_tag ASC, trigger_3.id ASC
LIMIT $3::INTEGER) AS many_3_rows) AS many_3 ON true
WHERE brand_1.id = $1::UUID
