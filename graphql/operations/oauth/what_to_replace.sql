SELECT token_1.installation_id AS c0, one_2.c1, many_3.c2, many_3.c3, many_3.c4, many_3.c5
FROM token AS token_1
LEFT OUTER JOIN LATERAL (SELECT app_2.name AS c1
FROM app AS app_2
WHERE (EXISTS (SELECT *
FROM installation AS installation_1
WHERE installation_1.brand_id = $1::UUID
AND installation_1.app_id = app_2.id))
AND (EXISTS (SELECT *
FROM installation AS its_installation
WHERE its_installation.brand_id = token_1.brand_id
AND its_installation.id = token_1.installation_id
AND its_installation.app_id = app_2.id))
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c2, array_agg(many_3_rows.c1) AS c3, array_agg(many_3_rows.c2) AS c4, array_agg(many_3_rows.c3) AS c5
FROM (SELECT deprecated_use_3.used_on AS c0, deprecated_use_3.coordinate AS c1, deprecated_use_3.uses AS c2, deprecated_use_3.reason AS c3
FROM deprecated_use AS deprecated_use_3
WHERE deprecated_use_3.brand_id = $1::UUID
AND (EXISTS (SELECT *
FROM token AS asking_token
WHERE asking_token.id = $2::UUID
AND asking_token.brand_id = deprecated_use_3.brand_id
AND asking_token.installation_id = deprecated_use_3.installation_id))
AND deprecated_use_3.brand_id = token_1.brand_id
AND deprecated_use_3.installation_id = token_1.installation_id
ORDER BY deprecated_use_3.used_on DESC, deprecated_use_3.id DESC
LIMIT $3::INTEGER) AS many_3_rows) AS many_3 ON true
WHERE token_1.id = $2::UUID
