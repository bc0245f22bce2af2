namespace Pipeline.Host.Chaos;

/// <summary>What the user asked of an experiment.</summary>
/// <param name="Servers">Folder of the servers' scripts.</param>
/// <param name="Patients">Beds of the ward; null: the experiment's own.</param>
/// <param name="Rounds">How often the harm is done; null: the experiment's own.</param>
/// <param name="Seed">Seed of the ward and of the random moments.</param>
/// <param name="Settings">Further settings of the workers, <c>KEY=VALUE</c>.</param>
internal sealed record ChaosPlan(string Servers, int? Patients, int? Rounds, int Seed, IReadOnlyList<string> Settings);

/// <summary>One measured figure.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Limit">What is promised, at most; null when nothing is.</param>
/// <param name="Least">What is promised, at least; null when nothing is.</param>
internal sealed record ChaosFigure(string Name, double Value, string Unit, double? Limit = null, double? Least = null);
