using Akka.Actor;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// A message that may go to another process. <see cref="ClusterMessageSerializer"/> has a manifest for each; nothing else of ours can be
/// sent, so nothing of the record path ever crosses processes by mistake.
/// </summary>
internal interface IWireMessage;

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

/// <summary>Asks a process for what it knows of one patient.</summary>
/// <param name="Patient">Pseudonym.</param>
internal sealed record PatientQuestion(string Patient) : IWireMessage;

/// <summary>The answer.</summary>
/// <param name="Report">Null: nothing.</param>
internal sealed record PatientAnswer(PatientReport? Report) : IWireMessage;

/// <summary>Asks a process for the next patients that it knows, in order of their pseudonyms.</summary>
/// <param name="After">Pseudonym after which they begin; null: at the first.</param>
internal sealed record PatientsQuestion(string? After) : IWireMessage;

/// <summary>The answer.</summary>
/// <param name="Reports">The next patients; fewer than <see cref="Most"/> when these are the last.</param>
internal sealed record PatientsAnswer(PatientReport[] Reports) : IWireMessage
{
    /// <summary>Most patients in an answer: some 100 kB, well below the largest frame.</summary>
    public const int Most = 100;
}

/// <summary>Tells a process which partitions some patients of another one are in.</summary>
/// <param name="Patients">Their pseudonyms.</param>
/// <param name="Partitions">The partition of each.</param>
internal sealed record PatientsHeld(string[] Patients, int[] Partitions) : IWireMessage
{
    /// <summary>Most patients in a message: 400 kB at most, below the largest frame.</summary>
    public const int Most = 1_000;
}

/// <summary>Asks a process for its status.</summary>
internal sealed record StatusQuestion : IWireMessage;

/// <summary>The answer.</summary>
/// <param name="Status">What it says of itself; null when it cannot say.</param>
/// <param name="Fault">Why not; null when it can.</param>
internal sealed record StatusAnswer(ProcessStatus? Status, string? Fault) : IWireMessage;

/// <summary>
/// Asks a process for a patient's samples as they come. Sent again from time to time: a process that has not heard it for
/// <see cref="Lease"/> stops sending, and one that takes the patient over begins.
/// </summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="UpTo">Highest <see cref="LiveSamples.Number"/> that the receiver has room for; what comes beyond is passed over.</param>
internal sealed record SamplesWanted(string Patient, long UpTo) : IWireMessage
{
    /// <summary>How long a process goes on sending.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
}

/// <summary>Ends that.</summary>
/// <param name="Patient">Pseudonym.</param>
internal sealed record SamplesUnwanted(string Patient) : IWireMessage;
