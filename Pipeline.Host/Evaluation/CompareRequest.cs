using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Training.HeartRate.Zoo;

namespace Pipeline.Host.Evaluation;

/// <summary>What was asked of <c>compare</c>.</summary>
/// <param name="Networks">The architectures.</param>
/// <param name="Data">Folders of recordings.</param>
/// <param name="Reading">What the recordings' files do not say of themselves.</param>
/// <param name="Folds">Groups of people, each held out once; <see cref="int.MaxValue"/>: one each.</param>
/// <param name="NewSensor">Names of data sets that are also scored by networks trained on the others alone.</param>
/// <param name="Steps">Batches of each training; null: as <paramref name="Epochs"/> say, or the default network's own number.</param>
/// <param name="Epochs">The same, counted in the windows that the data has.</param>
/// <param name="Seed">The same seed, the same figures.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Output">File of a row a network and recording; null: none.</param>
internal sealed record CompareRequest(
    IReadOnlyList<NamedArchitecture> Networks, IReadOnlyList<string> Data, RecordingOptions Reading, int Folds, IReadOnlyList<string> NewSensor, int? Steps, int? Epochs,
    int Seed, string Device, string? Output)
{
    /// <summary>The architectures that <paramref name="names"/> mean; none: all.</summary>
    /// <exception cref="CommandException">There is no such one; says which there are.</exception>
    public static IReadOnlyList<NamedArchitecture> Named(IReadOnlyList<string> names) => names.Count == 0
        ? RateArchitectures.All
        : [.. names.Distinct().Select(name => RateArchitectures.All.FirstOrDefault(one => one.Name == name)
            ?? throw CommandException.BadUsage($"There is no network '{name}' to compare; there are: {string.Join(", ", RateArchitectures.All.Select(one => one.Name))}."))];

    /// <summary>Finds what cannot be meant, and loads libtorch.</summary>
    /// <exception cref="CommandException">Names the flags.</exception>
    public void Check()
    {
        if (this is { Steps: not null, Epochs: not null })
            throw CommandException.BadUsage("--steps and --epochs say the same twice: give one of them.");
        var sets = Data.Select(folder => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))).ToHashSet();
        if (NewSensor.FirstOrDefault(set => !sets.Contains(set)) is { } unknown)
            throw CommandException.BadUsage($"--new-sensor {unknown}: it names one of the folders of --data; there are: {string.Join(", ", sets)}.");
        if (NewSensor.Count > 0 && sets.Count < 2)
            throw CommandException.BadUsage("--new-sensor: a second folder of --data is needed to train on.");
        if (Output is not null)
            CommandException.Writing(Output, () => Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Output)) ?? "."));
        Trainings.NeedLibtorch(Device);
    }
}
