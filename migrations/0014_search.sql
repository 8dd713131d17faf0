-- Words that tables are searched by. A trigger writes them, so that they are right whichever face changes a table.

-- A text as words with blanks between. A word is a run of letters, digits and underscores. U+0001, which stands between
-- two texts, stays.
create function plain_words(text text) returns text
language sql immutable parallel safe as $$
    select regexp_replace(
        lower(text),
        '[\u0002-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u00a0\u2000-\u206f\u3000-\u303f]+', ' ', 'g'
    )
$$;

-- The words of a text as they are indexed. Underscores separate words as well, and these have places: customer_id is
-- customer and id. As a whole a word is there with = before it, without a place: =customer_id.
create function search_words(text text) returns tsvector
language sql immutable parallel safe as $$
    with plain as materialized (select plain_words(text) as words)
    -- A word of its own that is removed again keeps phrases from reaching from one text into the next.
    select ts_delete(
        to_tsvector('simple', replace(replace(words, '_', ' '), E'\u0001', ' endoftext ')), 'endoftext'
    ) || coalesce((
        select array_to_tsvector(array_agg('=' || left(word, 200)))
        from unnest(string_to_array(replace(words, E'\u0001', ' '), ' ')) as word where word <> ''
    ), '')
    from plain
$$;

-- What finds a text, in one of three ways:
--   words   its words stand there one after another: id finds customer_id
--   begins  and the last is only the beginning of one: cust finds customer_id
--   whole   and none is a part of a longer one: only customer_id finds customer_id
-- A text without words finds nothing.
create function search_query(text text, way text) returns tsquery
language sql immutable parallel safe as $$
    with word as materialized (
        select left(word, 200) as word, at
        from unnest(string_to_array(replace(plain_words(text), E'\u0001', ' '), ' ')) with ordinality as word(word, at)
        where word <> ''
    ),
    query as materialized (
        select phraseto_tsquery('simple', replace(string_agg(word, ' ' order by at), '_', ' ')) as phrase,
               string_agg(format('''=%s''', word), ' & ') as whole, count(*) = 1 as is_one
        from word
    )
    -- A single word is looked for as a whole too: of a word that a table has often, not all places are known.
    select case way
        when 'whole' then case when is_one then whole::tsquery else phrase && whole::tsquery end
        when 'begins' then
            concat_ws(' | ', nullif(phrase::text, '') || ':*', case when is_one then whole || ':*' end)::tsquery
        else concat_ws(' | ', nullif(phrase::text, ''), case when is_one then whole end)::tsquery
    end
    from query
$$;

-- Parameters that change with the data. They are not searched, so that a table whose data grows keeps its words.
create function unsearched_parameters() returns text[]
language sql immutable parallel safe as $$
    select array['COLUMN_STATS_ACCURATE', 'current-snapshot-id', 'current-snapshot-summary',
                 'current-snapshot-timestamp-ms', 'metadata_location', 'numFiles', 'numRows', 'previous_metadata_location',
                 'rawDataSize', 'snapshot-count', 'totalSize', 'transient_lastDdlTime']
$$;

alter table databases add column words tsvector not null generated always as (search_words(name)) stored;
alter table tables add column words tsvector not null default '';

-- A text is cut where its words would become more than a tsvector holds: the columns of a table come late, the comments
-- of its columns last.
create function table_words(t tables) returns tsvector
language sql stable as $$
    with parameter as (
        select string_agg(left(key || E'\u0001' || value, 4000), E'\u0001' order by length(value), key) as texts
        from jsonb_each_text(t.parameters - unsearched_parameters())
    ),
    field as (
        select string_agg(field ->> 'name', E'\u0001' order by at) as names,
               string_agg(field ->> 'comment', E'\u0001' order by at) as comments
        from storage_descriptors d,
             jsonb_array_elements(d.body -> 'columns' || t.partition_keys) with ordinality as field(field, at)
        where d.id = t.storage_descriptor_id
    )
    select search_words(left(concat_ws(
        E'\u0001', t.name, t.owner_name, t.location, t.extra ->> 'Description', left(parameter.texts, 50000), field.names,
        field.comments
    ), 100000))
    from parameter, field
$$;

update tables set words = table_words(tables);
create index tables_by_words on tables using gin (words);

create function set_table_words() returns trigger
language plpgsql as $$
begin
    new.words := table_words(new);
    return new;
end
$$;

create trigger words_of_new_table before insert on tables for each row execute function set_table_words();
create trigger words_of_changed_table before update on tables for each row
    when ((new.name, new.owner_name, new.location, new.storage_descriptor_id, new.partition_keys,
           new.parameters - unsearched_parameters(), new.extra ->> 'Description')
          is distinct from
          (old.name, old.owner_name, old.location, old.storage_descriptor_id, old.partition_keys,
           old.parameters - unsearched_parameters(), old.extra ->> 'Description'))
    execute function set_table_words();

-- What is kept as a part of a table goes with it, whichever face deletes it. Its parent is the table's id.
create index parts_of_tables on resources (parent) where kind in ('tableOptimizer', 'columnStatisticsTaskSettings');

create function delete_parts_of_table() returns trigger
language plpgsql as $$
begin
    delete from resources where parent = old.id::text and kind in ('tableOptimizer', 'columnStatisticsTaskSettings');
    return null;
end
$$;

create trigger parts_of_deleted_table after delete on tables for each row execute function delete_parts_of_table();
