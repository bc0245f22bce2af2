using Pipeline.Host.Recordings;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Training.Explanation;

namespace Pipeline.Host.Explanations;

/// <summary>Runs a recording through the heart-rate network once more, and explains windows of it.</summary>
internal sealed class ExplainedRecording(RateModel model, RecordingOptions options) : IDisposable
{
    private readonly RateExplainer _explainer = new(model.Package);

    /// <summary>
    /// The windows about which the network is asked, of the device with the most PPG channels (the first of equals), which <paramref name="isWanted"/>; none where there is no PPG. Of each those before it are run through too.
    /// </summary>
    /// <exception cref="RecordingException">As <see cref="Recording.Open"/>.</exception>
    public IEnumerable<SeenWindow> Windows(string path, Func<long, bool> isWanted)
    {
        using var recording = Recording.Open(path, options);
        var (device, _, channels) = recording.Devices.MaxBy(one => one.Channels.IndicesOf(SignalKind.Ppg).Length);
        if (channels.IndicesOf(SignalKind.Ppg).Length == 0)
            yield break;
        var chunks = recording.Chunks(new(new PatientId("recording"), "", "", 0, default)).Where(chunk => chunk.Device == device);
        foreach (var seen in SeenWindow.Of(chunks, model).Where(seen => isWanted(seen.Window.Id)))
            yield return seen;
    }

    /// <summary>Explains a window by all methods, or by occlusion alone.</summary>
    public ExplainedWindow Explain(SeenWindow seen, double reference, bool withGradients) => new(seen, _explainer.Explain(seen.Input, seen.State, withGradients), reference);

    /// <inheritdoc/>
    public void Dispose() => _explainer.Dispose();
}
