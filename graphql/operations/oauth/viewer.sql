SELECT CAST(token_1.scopes AS TEXT) AS c0, CAST(token_1.expires_at AS TEXT) AS c1, one_2.c2, one_3.c3, one_3.c4, one_3.c5, one_3.c6, one_3.c7, one_3.c8, one_3.c9, one_3.c10
FROM token AS token_1
LEFT OUTER JOIN LATERAL (SELECT brand_2.slug AS c2
FROM brand AS brand_2
WHERE brand_2.id = $1::UUID
AND brand_2.id = token_1.brand_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT installation_3.status AS c3, CAST(installation_3.scopes AS TEXT) AS c4, installation_3.granted_by AS c5, one_4.c6, one_4.c7, many_5.c8, many_5.c9, many_5.c10
FROM installation AS installation_3
LEFT OUTER JOIN LATERAL (SELECT app_4.client_id AS c6, app_4.name AS c7
FROM app AS app_4
WHERE (EXISTS (SELECT *
FROM installation AS installation_1
WHERE installation_1.brand_id = $1::UUID
AND installation_1.app_id = app_4.id))
AND app_4.id = installation_3.app_id
LIMIT ALL OFFSET 0) AS one_4 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_5_rows.c0) AS c8, array_agg(many_5_rows.c1) AS c9, array_agg(many_5_rows.c2) AS c10
FROM (SELECT token_5.label AS c0, token_5.kind AS c1, CAST(token_5.created_at AS TEXT) AS c2
FROM token AS token_5
WHERE token_5.brand_id = $1::UUID
AND token_5.brand_id = installation_3.brand_id
AND token_5.installation_id = installation_3.id
ORDER BY token_5.created_at DESC, token_5.id DESC
LIMIT $2::INTEGER) AS many_5_rows) AS many_5 ON true
WHERE installation_3.brand_id = $1::UUID
AND installation_3.brand_id = token_1.brand_id
AND installation_3.id = token_1.installation_id
LIMIT ALL OFFSET 0) AS one_3 ON true
WHERE token_1.id = $3::UUID
