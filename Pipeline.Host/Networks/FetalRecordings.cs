using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Training.Fetal;

namespace Pipeline.Host.Networks;

/// <summary>
/// Recordings of abdominal leads with reference beats of the fetus beside them: WFDB records (<c>NAME.hea</c>) with <c>NAME.fqrs</c>, EDF files with <c>NAME.edf.qrs</c>.
/// </summary>
internal static class FetalRecordings
{
    private const int NormalBeat = 1;

    /// <summary>Reads the folders, by name; records whose marks are known to be wrong are left out.</summary>
    /// <exception cref="CommandException">A folder is not there, or holds none; or a name is there twice.</exception>
    public static IReadOnlyList<FetalRecording> Read(IReadOnlyList<string> folders, RecordingOptions options)
    {
        var found = folders.SelectMany(folder => Read(folder, options)).ToList();
        if (found.GroupBy(recording => recording.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw CommandException.BadUsage($"{twice.Key} is there twice, in {string.Join(" and ", twice.Select(r => r.Set))}: a recording must not be on both sides of a split.");
        return [.. found.Where(recording => !recording.HasBadLabels)];
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="RecordingException">It or its reference is broken, or it has no abdominal lead.</exception>
    public static FetalRecording Read(string path, string annotations, string set, RecordingOptions options)
    {
        var samples = RecordedSamples.Read(path, SignalKind.FetalEcg, options)
            ?? throw new RecordingException($"{Path.GetFileName(path)}: it has reference beats but no abdominal lead");
        var beats = WfdbAnnotations.Read(annotations).Where(mark => mark.Code == NormalBeat).Select(mark => mark.Sample / samples.RateHz);
        return new FetalRecording(Path.GetFileNameWithoutExtension(path), set, samples.RateHz, samples.Of(SignalKind.FetalEcg), [.. beats.Order()]);
    }

    private static List<FetalRecording> Read(string folder, RecordingOptions options)
    {
        if (!Directory.Exists(folder))
            throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
        var set = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var pairs = Directory.GetFiles(folder, "*.hea").Select(path => (Path: path, Beats: Path.ChangeExtension(path, ".fqrs")))
            .Concat(Directory.GetFiles(folder, "*.edf").Select(path => (Path: path, Beats: path + ".qrs")))
            .Where(pair => File.Exists(pair.Beats)).OrderBy(pair => pair.Path, StringComparer.Ordinal).ToList();
        return pairs.Count == 0
            ? throw CommandException.BadUsage($"--data {folder}: no recording has reference beats of the fetus beside it (NAME.hea with NAME.fqrs, or NAME.edf with NAME.edf.qrs).")
            : [.. pairs.Select(pair => Read(pair.Path, pair.Beats, set, options))];
    }
}
