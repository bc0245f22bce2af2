using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.DistributedData;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.Logging;
using LogLevel = Akka.Event.LogLevel;

namespace Pipeline.Actors.Cluster;

/// <summary>The settings of Akka that differ from its own, each with its reason.</summary>
internal static class ClusterConfiguration
{
    /// <summary>Name of every process's actor system: part of its address, the same in the whole cluster.</summary>
    public const string SystemName = "pipeline";

    /// <summary>Role of every member. Without one the sharding coordinator's state is not found.</summary>
    public const string Role = "ward";

    private const string Hocon = """
        akka {
          # The host ends the process, and begins a new actor system when this one ends.
          coordinated-shutdown.exit-clr = off
          coordinated-shutdown.run-by-actor-system-terminate = off
          coordinated-shutdown.terminate-actor-system = off
          coordinated-shutdown.phases.before-service-unbind.recover = off
          cluster.run-coordinated-shutdown-when-down = off

          # Serializers that make objects of types named by the sender are replaced by ones that refuse.
          actor.serializers {
            json = "Pipeline.Actors.Cluster.RefusingJson, Pipeline.Actors"
            proto = "Pipeline.Actors.Cluster.RefusingProtobuf, Pipeline.Actors"
            daemon-create = "Pipeline.Actors.Cluster.RefusingDeployment, Pipeline.Actors"
          }
          log-serializer-override-on-start = off
          # Nothing here needs finer timers; an idle process wakes half as often.
          scheduler.tick-duration = 20 ms

          remote.dot-netty.tcp {
            # A few messages a second: one thread each, and none waits for a batch to fill.
            batching.enabled = off
            server-socket-worker-pool { pool-size-min = 1, pool-size-max = 1 }
            client-socket-worker-pool { pool-size-min = 1, pool-size-max = 1 }
            connection-timeout = 3 s
            # On, two processes could listen at one port: .NET sets SO_REUSEPORT with it.
            tcp-reuse-addr = off
            # A page of patients, or a large chunk that somebody looks at.
            maximum-frame-size = 1000000b
          }
          # A member that was cut off is tried again soon after the network is back; each attempt is no news: the cluster says once who is unreachable.
          remote.retry-gate-closed-for = 1 s
          remote.log-remote-lifecycle-events = off

          cluster {
            downing-provider-class = "Pipeline.Actors.Cluster.GroupDowning, Pipeline.Actors"
            # The first of the group waits this long for an answer of the others before it begins a cluster: as long as a session, for then only the dead have not answered.
            seed-node-timeout = 6 s
            retry-unsuccessful-join-after = 2 s
            # Joins, removals and moves wait for these ticks: a cluster of one is up at the first.
            periodic-tasks-initial-delay = 20 ms
            leader-actions-interval = 100 ms
            # Who is dead is removed after one or two of these.
            gossip-interval = 200 ms
            # Quicker than a session of the group (2 s at least), so that the group alone is waited for, and nobody is asked to hand a shard over who is dead. Who is taken for
            # unreachable by mistake is not downed: the group has it.
            failure-detector { heartbeat-interval = 400 ms, acceptable-heartbeat-pause = 800 ms, min-std-deviation = 60 ms, expected-response-after = 500 ms }
            unreachable-nodes-reaper-interval = 200 ms
            allow-weakly-up-members = off

            distributed-data {
              # Claims travel as deltas, at a fifth of this.
              gossip-interval = 1 s
              notify-subscribers-interval = 100 ms
            }
            sharding {
              state-store-mode = ddata
              remember-entities = off
              distributed-data.durable.keys = []
              # Patients leave memory by their own rule.
              passivate-idle-entity-after = off
              # A claimed shard is moved at this tick.
              rebalance-interval = 250 ms
              retry-interval = 200 ms
              coordinator-failure-backoff = 500 ms
              waiting-for-state-timeout = 1 s
              # A shard that leaves is empty: its patients were stopped before. Only one who died answers later.
              handoff-timeout = 1 s
              # The coordinator writes to all members of a small cluster, also to one that died and is about to be removed: it then writes again, without that one.
              updating-state-timeout = 500 ms
              shard-start-timeout = 2 s
              # Less than the answer is waited for: a shard that is on its way to another process does not hold up the answer for the others.
              shard-region-query-timeout = 300 ms
              shard-failure-backoff = 200 ms
              external-shard-allocation-strategy.client-timeout = 2 s
            }
            singleton { hand-over-retry-interval = 200 ms, min-number-of-hand-over-retries = 15 }
          }
        }
        """;

    /// <summary>Registers remoting, cluster, downing and serializers.</summary>
    public static void Apply(AkkaConfigurationBuilder builder, ClusterOptions options, int port, ClusterGroupSetup? group, ILoggerFactory loggers)
    {
        builder
            .AddHocon(ActorConfiguration.Common, HoconAddMode.Prepend)
            .AddHocon(ConfigurationFactory.ParseString(Hocon), HoconAddMode.Prepend)
            .AddHocon(ConfigurationFactory.ParseString($"akka.cluster.sharding.role = {Role}"), HoconAddMode.Prepend)
            .AddHocon(ClusterSharding.DefaultConfig(), HoconAddMode.Append)
            .AddHocon(DistributedData.DefaultConfig(), HoconAddMode.Append)
            .ConfigureLoggers(logging =>
            {
                logging.ClearLoggers();
                logging.LogLevel = LogLevel.WarningLevel;
                logging.AddLoggerFactory(new QuietLoggers(loggers));
            })
            .WithRemoting(Remote(options, port))
            .WithClustering(new Akka.Cluster.Hosting.ClusterOptions { Roles = [Role], LogInfo = false })
            .WithCustomSerializer("pipeline", [typeof(IWireMessage)], system => new ClusterMessageSerializer(system))
            .WithStrictSerialization();
        if (options.HasCertificates)
            builder.AddSetup(ClusterCertificates.Load(options));
        if (group is not null)
            builder.AddSetup(group);
    }

    private static RemoteOptions Remote(ClusterOptions options, int port) => new()
    {
        HostName = options.Host,
        Port = port,
        PublicHostName = options.Reached,
        PublicPort = options.PublicPort,
        EnableSsl = options.HasCertificates,
    };
}
