using Akka.Configuration;
using Akka.Dispatch;

namespace Pipeline.Actors;

/// <summary>
/// Runs the mailboxes of patients' entities on the thread that tells them: a window's message then costs no hand-over to another thread,
/// which would be most of its cost. An entity never blocks and never takes long; what it tells in turn runs after it, not within it.
/// </summary>
public sealed class InlineExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new InlineExecutor(id);

    private sealed class InlineExecutor(string id) : ExecutorService(id)
    {
        [ThreadStatic]
        private static Queue<IRunnable>? _waiting;      // null while the thread runs none

        public override void Execute(IRunnable run)
        {
            if (_waiting is { } waiting)
            {
                waiting.Enqueue(run);
                return;
            }
            _waiting = new Queue<IRunnable>();
            try
            {
                run.Run();
            }
            finally
            {
                Finish();
            }
        }

        /// <summary>Runs what was told meanwhile, also behind one that threw: a mailbox that is not run now never is.</summary>
        private static void Finish()
        {
            try
            {
                while (_waiting!.TryDequeue(out var next))      // set by Execute
                    next.Run();
                _waiting = null;
            }
            finally
            {
                if (_waiting is not null)
                    Finish();
            }
        }

        public override void Shutdown()
        {
            // There is no thread of its own.
        }
    }
}
