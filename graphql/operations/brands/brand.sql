SELECT brand_1.id AS c0, brand_1.name AS c1, brand_1.x_handle AS c2, brand_1.status AS c3, array((SELECT row(brand_marketplace_2.marketplace, brand_marketplace_2.retailer) AS row_1
FROM brand_marketplace AS brand_marketplace_2
WHERE brand_marketplace_2.brand_id = $1::UUID
AND brand_marketplace_2.brand_id = brand_1.id
ORDER BY brand_marketplace_2.marketplace ASC, brand_marketplace_2.id ASC
LIMIT $2::INTEGER)) AS c4, array((SELECT row(trigger_3.tag, trigger_3.marketplace, trigger_3.action) AS row_2
FROM trigger AS trigger_3
WHERE trigger_3.brand_id = $1::UUID
AND trigger_3.brand_id = brand_1.id
ORDER BY trigger_3.folded_tag ASC, trigger_3.id ASC
LIMIT $3::INTEGER)) AS c5
FROM brand AS brand_1
WHERE brand_1.id = $1::UUID
