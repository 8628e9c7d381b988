-- The indexes that upstream's models lack, each only where its table and columns exist and no other index serves.
-- CONCURRENTLY lets the backends write meanwhile. A statement that fails is logged, and the next one follows.
SET client_min_messages = warning;
SET lock_timeout = '10s';

CREATE TEMP TABLE xatube_wanted AS
SELECT format('xatube_%s_%s_%s', w.tab, array_to_string(w.cols, '_'), CASE WHEN w.uniq THEN 'key' ELSE 'idx' END) AS name,
	w.tab, w.cols, w.uniq, c.oid AS rel,
	ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = ANY (w.cols) ORDER BY 1) AS keys
FROM (VALUES
	('channels', ARRAY['user_id'], false),
	('streams', ARRAY['channel_id'], false),
	('statistics', ARRAY['channel_id'], false),
	('schedules', ARRAY['channel_id'], false),
	('stream_views', ARRAY['stream_id'], false),
	('stream_views', ARRAY['user_id'], false),
	('comments', ARRAY['stream_id'], false),
	('comments', ARRAY['user_id'], false),
	('subscriptions', ARRAY['channel_id'], false),
	('subscriptions', ARRAY['subscriber_id', 'channel_id'], true)
) AS w (tab, cols, uniq)
JOIN pg_class c ON c.oid = to_regclass(w.tab) AND c.relkind = 'r';

DELETE FROM xatube_wanted WHERE cardinality(keys) < cardinality(cols);
-- A unique index decides what the application may store. An application whose subscriptions hold anything else than
-- upstream's may mean several rows for one pair.
DELETE FROM xatube_wanted WHERE uniq AND EXISTS (
	SELECT FROM pg_attribute a WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attname NOT IN ('id', 'subscriber_id', 'channel_id', 'created_at'));

CREATE TEMP VIEW xatube_missing AS
SELECT * FROM xatube_wanted w WHERE NOT EXISTS (
	SELECT FROM pg_index i WHERE i.indrelid = w.rel AND i.indisvalid AND i.indpred IS NULL
		AND CASE WHEN w.uniq
			THEN i.indisunique AND ARRAY(SELECT k FROM unnest(i.indkey::int2[]) AS k ORDER BY 1) = w.keys
			ELSE i.indkey[0] = w.keys[1] END);
-- What an attempt left behind that failed serves no query, and may refuse rows.
CREATE TEMP VIEW xatube_invalid AS
SELECT i.indexrelid::regclass AS index FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN xatube_wanted w ON w.rel = i.indrelid AND w.name = c.relname
WHERE NOT i.indisvalid;

SELECT EXISTS (SELECT FROM xatube_missing WHERE uniq) AS lacks_unique \gset
\if :lacks_unique
	SELECT count(*) AS pairs, count(*) > 0 AS has_duplicates FROM (
		SELECT FROM subscriptions GROUP BY subscriber_id, channel_id HAVING count(*) > 1) AS d \gset
	\if :has_duplicates
		\warn 'WARNING: subscriptions holds' :pairs 'pairs of subscriber_id and channel_id more than once: the unique index is left out until only one of each is left'
		DELETE FROM xatube_wanted WHERE uniq;
	\endif
\endif

SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %s', index) FROM xatube_invalid \gexec
SELECT format('CREATE %s CONCURRENTLY IF NOT EXISTS %I ON %s (%s)', CASE WHEN uniq THEN 'UNIQUE INDEX' ELSE 'INDEX' END,
	name, rel::regclass, (SELECT string_agg(quote_ident(c), ', ' ORDER BY o) FROM unnest(cols) WITH ORDINALITY AS u (c, o)))
FROM xatube_missing ORDER BY name \gexec
SELECT format('DROP INDEX CONCURRENTLY IF EXISTS %s', index) FROM xatube_invalid \gexec

SELECT format('%s (%s): %s', tab, array_to_string(cols, ', '),
	CASE WHEN name IN (SELECT name FROM xatube_missing) THEN 'WARNING: no index, see the error above' ELSE 'indexed' END)
FROM xatube_wanted ORDER BY name;
