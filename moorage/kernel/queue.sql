-- The job queue's own tables (pgqueuer's, made by a migration): the worker runs the queue, jobs come by enqueue_job().
GRANT SELECT, INSERT, UPDATE, DELETE ON pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics TO moorage_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO moorage_worker, moorage_engine;

-- NOTIFY in a transaction makes commits wait for one another: workers poll, and are woken after commit instead.
ALTER TABLE pgqueuer DISABLE TRIGGER tg_pgqueuer_changed;
