using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Streams;
using Pipeline.Actors;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// The actor system of a simulated process: every dispatcher runs its mailboxes as steps of the process, the scheduler runs on its virtual time. A system
/// takes 10 ms to make, so one whose actors have all stopped is used again by the next process of the same thread.
/// </summary>
internal sealed class SimulatedActors
{
    private static readonly Config Settings = ConfigurationFactory.ParseString($$"""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          scheduler.implementation = "{{typeof(SimulatedScheduler).AssemblyQualifiedName}}"
          coordinated-shutdown.exit-clr = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          coordinated-shutdown.run-by-actor-system-terminate = off
          actor.default-dispatcher.executor = "{{typeof(SimulatedExecutorConfigurator).AssemblyQualifiedName}}"
          actor.default-dispatcher.throughput = 1
          actor.internal-dispatcher.executor = "{{typeof(SimulatedExecutorConfigurator).AssemblyQualifiedName}}"
          actor.internal-dispatcher.throughput = 1
          actor.default-blocking-io-dispatcher.executor = "{{typeof(SimulatedExecutorConfigurator).AssemblyQualifiedName}}"
        }
        {{ActorConfiguration.PatientDispatcher}}.executor = "{{typeof(SimulatedExecutorConfigurator).AssemblyQualifiedName}}"
        {{ActorConfiguration.PatientDispatcher}}.throughput = 1
        """).WithFallback(ActorConfiguration.Common);

    [ThreadStatic]
    private static Stack<SimulatedActors>? _free;

    [ThreadStatic]
    private static SimulatedActors? _making;

    private readonly IMaterializer _materializer;
    private readonly IActorRef _anchor;
    private SimulatedProcess _process;

    private SimulatedActors(SimulatedProcess process)
    {
        _process = process;
        _making = this;
        System = ActorSystem.Create("simulated", Settings);
        _materializer = System.Materializer();      // the system has one
        // Without an actor a dispatcher would set itself a time to end at, which the next process's history would show.
        _anchor = System.ActorOf(Props.Empty.WithDispatcher(ActorConfiguration.PatientDispatcher));
        _making = null;
    }

    public ActorSystem System { get; }

    /// <summary>An actor system for a process, in which nothing runs yet.</summary>
    public static SimulatedActors Of(SimulatedProcess process)
    {
        if (_free?.TryPop(out var known) == true)
        {
            known._process = process;
            return known;
        }
        SimulatedActors made = null!;       // made before Settle returns
        process.Settle(() => made = new SimulatedActors(process));
        return made;
    }

    /// <summary>The process has ended: stops all its actors. What runs meanwhile is in no history.</summary>
    public void Return()
    {
        _process.Settle(() =>
        {
            foreach (var actor in FindActors())
                System.Stop(actor);
        });
        if (FindActors().Count == 0)
            (_free ??= new Stack<SimulatedActors>()).Push(this);
    }

    /// <summary>The actors that somebody has started: graphs, which are children of the materializer's, and others.</summary>
    private List<IActorRef> FindActors()
    {
        var all = ChildrenOf(((ActorSystemImpl)System).Guardian).Where(actor => !actor.Equals(_anchor)).ToLookup(actor => actor.Equals(((ActorMaterializer)_materializer).Supervisor));
        return [.. all[false], .. all[true].SelectMany(ChildrenOf)];
    }

    private static IEnumerable<IActorRef> ChildrenOf(IActorRef actor) => ((ActorRefWithCell)actor).Children;

    /// <summary>Takes what an actor system has to be done after a while.</summary>
    private sealed class SimulatedScheduler(Config config, ILoggingAdapter log) : SchedulerBase(config, log)
    {
        public SimulatedActors Actors { get; } = _making ?? throw new InvalidOperationException("Only simulated processes make it.");

        public override TimeSpan MonotonicClock => TimeSpan.FromTicks(Actors._process.Clock.GetTimestamp());

        public override TimeSpan HighResMonotonicClock => MonotonicClock;

        protected override DateTimeOffset TimeNow => Actors._process.Clock.GetUtcNow();

        protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
            Once(delay, () => receiver.Tell(message, sender), cancelable);

        protected override void InternalScheduleTellRepeatedly(
            TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
            Repeatedly(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

        protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Once(delay, action, cancelable);

        protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Once(delay, action.Run, cancelable);

        protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
            Repeatedly(initialDelay, interval, action, cancelable);

        protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
            Repeatedly(initialDelay, interval, action.Run, cancelable);

        private void Once(TimeSpan delay, Action action, ICancelable? cancelable) => Actors._process.After(delay, () =>
        {
            if (cancelable is not { IsCancellationRequested: true })
                action();
        });

        private void Repeatedly(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable) => Once(
            delay,
            () =>
            {
                action();
                Repeatedly(interval, interval, action, cancelable);
            },
            cancelable);
    }

    /// <summary>Runs mailboxes as tasks of the process, so that whatever an actor awaits goes on there too.</summary>
    private sealed class SimulatedExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
    {
        public override ExecutorService Produce(string id) => new Executor(id, ((SimulatedScheduler)Prerequisites.Scheduler).Actors);

        private sealed class Executor(string id, SimulatedActors actors) : ExecutorService(id)
        {
            private static readonly Action<object?> Run = run => ((IRunnable)run!).Run();       // always given one

            public override void Execute(IRunnable run) => new Task(Run, run).Start(actors._process);

            public override void Shutdown()
            {
                // There is no thread of its own.
            }
        }
    }
}
