using Akka.Configuration;

namespace Pipeline.Actors;

/// <summary>How the actor system is set, in every process: the cluster adds to it.</summary>
public static class ActorConfiguration
{
    /// <summary>Dispatcher of the patients' entities.</summary>
    public const string PatientDispatcher = "pipeline.patients";

    /// <summary>Mailbox of the patients' entities.</summary>
    public const string PatientMailbox = "pipeline.patient-mailbox";

    /// <summary>
    /// Errors are logged, chatter is not. Graphs run on the default dispatcher, the thread pool; entities on the thread that tells them
    /// (<see cref="InlineExecutorConfigurator"/>).
    /// </summary>
    public static Config Common { get; } = ConfigurationFactory.ParseString($$"""
        akka {
          loglevel = WARNING
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          actor.default-dispatcher.throughput = 20
          stream.materializer.initial-input-buffer-size = 1
          stream.materializer.max-input-buffer-size = 1
        }
        {{PatientDispatcher}} {
          type = Dispatcher
          executor = "{{typeof(InlineExecutorConfigurator).FullName}}, {{typeof(InlineExecutorConfigurator).Assembly.GetName().Name}}"
          throughput = 100
        }
        {{PatientMailbox}}.mailbox-type = "{{typeof(SmallMailbox).FullName}}, {{typeof(SmallMailbox).Assembly.GetName().Name}}"
        """);
}
