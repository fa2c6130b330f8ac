  UNION ALL SELECT 'L03 copie déclarée absente', c.tbl, c.col || ' -> ' || (c.e->>'copie') FROM clair c
     WHERE c.e ? 'copie' AND NOT EXISTS (SELECT FROM col k WHERE k.rel = c.rel AND k.col = c.e->>'copie')
  UNION ALL SELECT 'L04 identifiant direct sans copie', c.tbl, c.col FROM clair c WHERE c.e->>'role' = 'identifiant-direct' AND NOT c.e ? 'copie'
  UNION ALL SELECT 'L05 colonne claire lisible par un rôle restreint', c.tbl, c.col || ' / ' || i.r FROM clair c, interdits i
     WHERE has_column_privilege(i.r, c.rel, c.attnum, 'SELECT') AND NOT (i.r = {publication} AND c.e->>'regle' = 'conserver')
  UNION ALL SELECT 'L06 copie ou colonne de gestion modifiable par l''application', tbl, col FROM col
     WHERE (e ? 'copie_de' AND (has_column_privilege({app}, rel, attnum, 'UPDATE') OR has_column_privilege({app}, rel, attnum, 'INSERT')))
        OR (col IN ('rgpd_complet', 'rgpd_anonymise_le', 'rgpd_transfere_le') AND (has_column_privilege({app}, rel, attnum, 'UPDATE') OR has_column_privilege({app}, rel, attnum, 'INSERT')))
        OR (e ? 'gestion' AND has_column_privilege({app}, rel, attnum, 'INSERT'))
  UNION ALL SELECT 'L07 vue de publication dépendant d''une colonne claire', v.oid::regclass::text, c.col
     FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace JOIN pg_rewrite w ON w.ev_class = v.oid
     JOIN pg_depend d ON d.objid = w.oid AND d.classid = 'pg_rewrite'::regclass
     JOIN clair c ON c.rel = d.refobjid AND c.attnum = d.refobjsubid
     WHERE n.nspname = {anon} AND c.e->>'regle' IS DISTINCT FROM 'conserver'
  UNION ALL SELECT 'L08 vue sans security_barrier', c.oid::regclass::text, '' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ({anon}, 'rgpd') AND c.relkind = 'v' AND NOT coalesce(c.reloptions @> ARRAY['security_barrier=true'], false)
  UNION ALL SELECT 'L09 vue possédée par un autre que le rôle de publication', c.oid::regclass::text, pg_get_userbyid(c.relowner)::text
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {anon} AND c.relkind = 'v' AND pg_get_userbyid(c.relowner) <> {publication}
  UNION ALL SELECT 'L10 fonction exécutable par PUBLIC', p.oid::regprocedure::text, '' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname IN ('rgpd', {schema}, {anon}) AND has_function_privilege('public', p.oid, 'EXECUTE')
  UNION ALL SELECT 'L11 fonction sans search_path fixé', p.oid::regprocedure::text, '' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname IN ('rgpd', {schema}) AND NOT EXISTS (SELECT FROM unnest(p.proconfig) x WHERE x LIKE 'search_path=%')
  UNION ALL SELECT 'L12 déclencheur absent ou désactivable', p.tbl, coalesce(t.tgenabled::text, 'absent') FROM portees p
     LEFT JOIN pg_trigger t ON t.tgrelid = p.rel AND t.tgname = 'zz_rgpd_anonymiser' WHERE t.tgenabled IS DISTINCT FROM 'A'
  UNION ALL SELECT 'L13 clé dans un réglage de rôle ou de base', coalesce(d.datname, '*') || '/' || coalesce(r.rolname, '*'), split_part(x, '=', 1)
     FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) x WHERE x LIKE 'rgpd.%'
  UNION ALL SELECT 'L14 statistiques étendues sur colonne claire', s.stxname::text, c.col FROM pg_statistic_ext s JOIN clair c ON c.rel = s.stxrelid AND c.attnum = ANY (s.stxkeys::int2[])
  UNION ALL SELECT 'L15 publication logique d''une colonne claire', p.pubname::text, c.tbl || '.' || c.col FROM pg_publication_tables p
     JOIN clair c ON c.tbl = p.schemaname || '.' || p.tablename AND c.col = ANY (p.attnames)
  UNION ALL SELECT 'L16 rôle restreint membre d''un rôle large', i.r, g.rolname::text FROM (SELECT r FROM interdits UNION SELECT {app}) i, pg_roles g
     WHERE g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_monitor', 'pg_read_all_stats', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', {owner}, {publication})
       AND g.rolname <> i.r AND pg_has_role(i.r, g.oid, 'MEMBER')
  UNION ALL SELECT 'L17 TEMP ou CREATE ouvert à PUBLIC ou à un lecteur', i.r, x.p FROM (SELECT r FROM interdits WHERE r <> {publication} UNION SELECT 'public') i, (VALUES ('TEMPORARY'), ('CREATE')) x(p)
     WHERE has_database_privilege(i.r, current_database(), x.p)
  UNION ALL SELECT 'L18 statistiques de colonne sensible non désactivées', c.tbl, c.col FROM col c JOIN attendu a ON a.nom_table = c.nom_table AND a.col = c.col WHERE a.muet AND c.stat IS DISTINCT FROM 0
  UNION ALL SELECT 'L19 sécurité par ligne désactivée', tbl, '' FROM portees WHERE NOT relrowsecurity
  UNION ALL SELECT 'L20 colonne personnelle que la clôture n''efface pas', c.tbl, c.col FROM clair c JOIN fermetures f ON f.nom_table = c.nom_table
     WHERE c.e->>'role' <> 'identifiant-technique' AND c.e->>'regle' <> 'conserver'
       AND NOT coalesce(f.texte ~ ('"' || c.col || '" =') OR f.texte ~ 'DELETE FROM', false)
  UNION ALL SELECT 'L21 fonction de déclencheur citant une colonne absente', p.tbl, g.m FROM portees p JOIN pg_trigger t ON t.tgrelid = p.rel AND NOT t.tgisinternal JOIN pg_proc f ON f.oid = t.tgfoid,
     LATERAL (SELECT DISTINCT x[1] AS m FROM regexp_matches(f.prosrc, '(?:NEW|OLD)\."?([a-z_0-9]+)', 'g') x) g
     WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = p.rel AND NOT a.attisdropped AND a.attname = g.m)
  UNION ALL SELECT 'L24 colonne personnelle dans une table sans machinerie', c.tbl, c.col FROM clair c WHERE NOT EXISTS (SELECT FROM portees p WHERE p.rel = c.rel)
  UNION ALL SELECT 'L25 invariant d''anonymisation absent ou non validé', i.nom_table, i.nom FROM invariants i WHERE i.nom IS NOT NULL
     AND NOT EXISTS (SELECT FROM pg_constraint k JOIN portees p ON p.rel = k.conrelid WHERE p.nom_table = i.nom_table AND k.conname = i.nom AND k.convalidated)
  UNION ALL SELECT 'L26 journal modifiable', 'rgpd.journal', coalesce(t.tgenabled::text, 'absent') FROM (VALUES (1)) u
     LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass('rgpd.journal') AND t.tgname = 'journal_immuable' WHERE t.tgenabled IS DISTINCT FROM 'A'
  UNION ALL SELECT 'L27 schéma des tables ouvert à un lecteur', {schema}, i.r FROM interdits i WHERE i.r <> {publication} AND has_schema_privilege(i.r, {schema}, 'USAGE')
  UNION ALL SELECT 'L28 table possédée par un rôle qui n''est pas le propriétaire', p.tbl, pg_get_userbyid(c.relowner)::text FROM portees p JOIN pg_class c ON c.oid = p.rel WHERE pg_get_userbyid(c.relowner) <> {owner}
  UNION ALL SELECT 'L29 politique de lignes absente ou modifiée', p.nom_table, p.politique || ' : ' || p.texte FROM politiques p
     WHERE NOT EXISTS (SELECT FROM pg_policies k WHERE k.schemaname = {schema} AND k.tablename = p.nom_table AND k.policyname = p.politique AND strpos(k.qual, p.texte) > 0)
  UNION ALL SELECT 'L30 politique de lignes étrangère à la description', k.tablename::text, k.policyname::text FROM pg_policies k
     WHERE k.schemaname = {schema} AND k.policyname NOT IN ('rgpd_app', 'rgpd_publication')
  UNION ALL SELECT 'L31 objet publié ouvert à un autre que son lecteur', c.oid::regclass::text, i.r
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, (SELECT r FROM interdits UNION SELECT {app} UNION SELECT 'public') i
     WHERE n.nspname = {anon} AND c.relkind IN ('r', 'p', 'v', 'm') AND i.r <> {publication} AND has_any_column_privilege(i.r, c.oid, 'SELECT')
       AND NOT (c.relkind = 'v' AND i.r = {pseudo}) AND NOT (c.relname IN (SELECT objet FROM diffuses) AND i.r = {reader})
  UNION ALL SELECT 'L32 fonctions à venir exécutables par PUBLIC', {owner}, '' FROM (VALUES (1)) u
     WHERE NOT EXISTS (SELECT FROM pg_default_acl d WHERE d.defaclrole = to_regrole({owner}) AND d.defaclnamespace = 0 AND d.defaclobjtype = 'f' AND strpos(d.defaclacl::text, '{{=X/') = 0)
