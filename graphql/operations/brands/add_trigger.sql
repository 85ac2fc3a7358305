SELECT trigger_1.tag AS c0, trigger_1.marketplace AS c1, trigger_1.action AS c2
FROM trigger AS trigger_1
WHERE trigger_1.brand_id = $1::UUID
AND trigger_1.id = $2::UUID
