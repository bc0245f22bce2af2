using Akka.Actor;

namespace Pipeline.Actors.Cluster;

/// <summary>Asks a shard where it is; it is started by that where the claims say, or where the question came from.</summary>
/// <param name="Partition">The shard's partition.</param>
internal sealed record ShardProbe(int Partition) : IWireMessage;

/// <summary>A shard's answer.</summary>
/// <param name="Partition">The shard's partition.</param>
/// <param name="Address">The process that holds it.</param>
internal sealed record ShardAnswer(int Partition, Address Address) : IWireMessage;

/// <summary>Asks a process which cluster it is in.</summary>
internal sealed record FormationQuestion : IWireMessage;

/// <summary>The answer.</summary>
/// <param name="Members">The members of its cluster; empty when it is in none.</param>
internal sealed record FormationAnswer(Address[] Members) : IWireMessage;

/// <summary>
/// A message that may go to another process. <see cref="ClusterMessageSerializer"/> has a manifest for each; nothing else of ours can be sent, so nothing of the
/// record path ever crosses processes by mistake.
/// </summary>
internal interface IWireMessage;
