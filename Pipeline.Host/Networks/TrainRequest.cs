using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;

namespace Pipeline.Host.Networks;

/// <summary>What was asked of <c>train</c>.</summary>
/// <param name="Model">Kind of network.</param>
/// <param name="Data">Folders of recordings.</param>
/// <param name="Reading">What the recordings' files do not say of themselves.</param>
/// <param name="Folds">Parts into which the people are cut for held-out errors; <see cref="int.MaxValue"/>: one each; null: no held-out errors.</param>
/// <param name="Steps">Batches of one training; null: as <paramref name="Epochs"/> say, or the model's own number.</param>
/// <param name="Epochs">Batches of one training, counted in the windows that the data has; null: as <paramref name="Steps"/> say.</param>
/// <param name="Seed">The same seed, the same weights.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Output">Folder of the package; null: none is written.</param>
/// <param name="Notes">More lines for the model card.</param>
/// <param name="Command">The command line, for the model card.</param>
internal sealed record TrainRequest(
    string Model, IReadOnlyList<string> Data, RecordingOptions Reading, int? Folds, int? Steps, int? Epochs, int Seed, string Device, string? Output,
    IReadOnlyDictionary<string, string> Notes, string Command)
{
    /// <summary>Value of <see cref="Constants"/>: each training fits them on its own recordings.</summary>
    public const string Fit = "fit";

    /// <summary>Folders of recordings that only the network trained on everybody is scored on: another sensor, other people.</summary>
    public IReadOnlyList<string> Test { get; init; } = [];

    /// <summary>File of classical constants, or <see cref="Fit"/>; null: those in use.</summary>
    public string? Constants { get; init; }

    /// <summary>Finds what cannot be meant, and loads libtorch.</summary>
    /// <param name="hasTest">Whether the network can be scored on <see cref="Test"/>.</param>
    /// <exception cref="CommandException">Names the flags.</exception>
    public void Check(bool hasTest)
    {
        if (Folds is null && Output is null && Test.Count == 0)
            throw CommandException.BadUsage($"Nothing to do: --folds N measures on held-out people, {(hasTest ? "--test DIR on other recordings, " : "")}--out DIR writes a model.");
        // A model is served with the constants in use, so what is written is trained with no others.
        if (this is { Constants: Fit, Folds: null, Test.Count: 0 })
            throw CommandException.BadUsage("--constants fit is for people held out: give --folds N or --test DIR; a model is served with the constants in use.");
        if (this is { Constants: Fit, Output: not null, Test.Count: > 0 })
            throw CommandException.BadUsage("--constants fit: --test is of a network with constants fitted on --data, --out of one with the constants in use: leave one of them away.");
        if (this is { Constants: not null and not Fit, Output: not null })
            throw CommandException.BadUsage("--constants FILE is for a test: a model is served with the constants in use, so leave --out away.");
        if (this is { Steps: not null, Epochs: not null })
            throw CommandException.BadUsage("--steps and --epochs say the same twice: give one of them.");
        Trainings.NeedLibtorch(Device);
    }
}
