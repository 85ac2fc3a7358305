SELECT CAST(token_1.scopes AS TEXT) AS c0, token_1.expires_at AS c1, one_2.c2, one_2.c3, one_3.c4, one_3.c5, one_3.c6, one_3.c7, one_3.c8, one_3.c9, one_3.c10, one_3.c11
FROM token AS token_1
LEFT OUTER JOIN LATERAL (SELECT brand_2.slug AS c2, true AS c3
FROM brand AS brand_2
WHERE brand_2.id = $1::UUID
AND brand_2.id = token_1.brand_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT installation_3.status AS c4, CAST(installation_3.scopes AS TEXT) AS c5, installation_3.granted_by AS c6, true AS c7, one_4.c8 AS c8, one_4.c9 AS c9, one_4.c10 AS c10, array((SELECT row(token_5.label, token_5.kind, token_5.created_at) AS row_1
FROM token AS token_5
WHERE token_5.brand_id = $1::UUID
AND token_5.brand_id = installation_3.brand_id
AND token_5.installation_id = installation_3.id
ORDER BY token_5.created_at DESC, token_5.id DESC
LIMIT $2::INTEGER)) AS c11
FROM installation AS installation_3
LEFT OUTER JOIN LATERAL (SELECT app_4.client_id AS c8, app_4.name AS c9, true AS c10
FROM app AS app_4
WHERE (EXISTS (SELECT *
FROM installation AS installation_1
WHERE installation_1.brand_id = $1::UUID
AND installation_1.app_id = app_4.id))
AND app_4.id = installation_3.app_id
LIMIT ALL OFFSET 0) AS one_4 ON true
WHERE installation_3.brand_id = $1::UUID
AND installation_3.brand_id = token_1.brand_id
AND installation_3.id = token_1.installation_id
LIMIT ALL OFFSET 0) AS one_3 ON true
WHERE token_1.id = $3::UUID
