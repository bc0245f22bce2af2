using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Evaluation;

/// <summary>What was asked of <c>evaluate</c>.</summary>
/// <param name="Model"><c>classical</c>, or a package's name or folder.</param>
/// <param name="Data">Folders of recordings.</param>
/// <param name="Reading">What the recordings' files do not say of themselves.</param>
/// <param name="Split"><c>loso</c>, a file, or null: the model as it is.</param>
/// <param name="Signal">Kind of signal whose heart rates are scored; null: PPG where there is one, else ECG, else pressure.</param>
/// <param name="Steps">Steps of each training; null: as <paramref name="Epochs"/> say, or as the package was trained.</param>
/// <param name="Epochs">The same in epochs.</param>
/// <param name="Seed">Seed of each training; null: the package's own.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda</c>, for trainings.</param>
/// <param name="Report">The report's path; the figures go beside it.</param>
/// <param name="Command">The command line.</param>
internal sealed record EvaluateRequest(
    string Model, IReadOnlyList<string> Data, RecordingOptions Reading, string? Split, SignalKind? Signal, int? Steps, int? Epochs, int? Seed,
    string Device, string Report, string Command)
{
    /// <summary>Where the figures go.</summary>
    public string Figures => Path.ChangeExtension(Report, ".json");

    /// <summary>Where the windows go, one a row.</summary>
    public string Windows => Path.ChangeExtension(Report, ".csv");

    /// <summary>Finds what cannot be meant where a network for beats is scored, and creates the report's folder.</summary>
    /// <param name="isReported">Whether a report is written.</param>
    /// <exception cref="CommandException">Names the flag.</exception>
    public void CheckBeats(bool isReported)
    {
        if (isReported)
            CheckReport();
        if (Split is not null)
            throw CommandException.BadUsage($"--split: {Model} decides on beats; './pipeline train qrs --data DIR --folds N' trains and scores it on people held out.");
    }

    /// <summary>Finds what cannot be meant where a fetal network or an autoencoder is scored: they give a table.</summary>
    /// <param name="isReported">Whether a report was asked for.</param>
    /// <exception cref="CommandException">Names the flag.</exception>
    public void CheckTable(bool isReported)
    {
        if (isReported)
            throw CommandException.BadUsage($"--output: of {Model} there is no report, but a table on standard output.");
        if (Split is not null)
            throw CommandException.BadUsage($"--split: './pipeline train {Path.GetFileName(Path.TrimEndingDirectorySeparator(Model))} --data DIR --folds N' trains {Model} anew and scores it on people held out.");
    }

    /// <summary>Finds what cannot be meant where rates are scored, loads libtorch where folds are trained, and creates the report's folder.</summary>
    /// <exception cref="CommandException">Names the flags.</exception>
    public void Check()
    {
        CheckReport();
        if (this is { Steps: not null, Epochs: not null })
            throw CommandException.BadUsage("--steps and --epochs say the same twice: give one of them.");
        if (Split is null && (Steps ?? Epochs ?? Seed) is not null)
            throw CommandException.BadUsage("--steps, --epochs and --seed say how each fold is trained: they want --split.");
        if (Split is not null && Model != Stages.Classical)
            Trainings.NeedLibtorch(Device);
    }

    private void CheckReport()
    {
        if (!Report.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
            throw CommandException.BadUsage($"--output {Report}: the report is a FILE.html; figures and windows go beside it.");
        CommandException.Writing(Report, () => Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Report)) ?? "."));
    }
}
