using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Estimates;

/// <summary>
/// Recordings through the very topology that the service runs, with recordings for its source and files for its sink. The sink
/// acknowledges when a batch is in its file's buffer.
/// </summary>
internal sealed class EstimateRun : IPatientSink
{
    private const int MaxDevices = 64, MaxPatientBytes = 1 << 30;     // nothing has to fit into a record of Kafka here
    private const long MaxPartitionBytes = 1L << 40;

    private readonly EstimateRequest _request;
    private readonly TextWriter _standardOutput;
    private readonly RateModel? _network;
    private readonly Action<int, VitalPoint>? _taken;
    private readonly RecordedFile[] _files;

    /// <summary><paramref name="taken"/>: gets the points in the place of files, with the number of the recording; from one thread a recording.</summary>
    public EstimateRun(EstimateRequest request, TextWriter standardOutput, RateModel? network = null, Action<int, VitalPoint>? taken = null)
    {
        (_request, _standardOutput, _network, _taken) = (request, standardOutput, network, taken);
        _files = [.. request.Files.Select(_ => new RecordedFile())];
    }

    /// <summary>What decides on the beats of an ECG; null: the rule.</summary>
    public QrsModel? Qrs { get; init; } = ModelCatalog.Qrs;

    /// <summary>What is asked about the fetal heart rate beside the classical estimator; stays the caller's. Null: nothing.</summary>
    public FetalModel? Fetal { get; init; }

    /// <summary>What reconstructs the beats of an ECG; stays the caller's. Null: nothing.</summary>
    public EcgAutoencoder? Autoencoder { get; init; }

    /// <summary>The rules by which cardiotocograms are read.</summary>
    public CtgRules Ctg { get; init; } = new();

    /// <summary>When there are alarms among the events.</summary>
    public AlarmRules Alarms { get; init; } = new();

    /// <summary>Part of the work that is done, 0 to 1.</summary>
    public double Progress => _files.Average(file => file.Progress);

    /// <summary>Recordings that are done with.</summary>
    public int EndedCount => _files.Count(file => file.IsEnded);

    /// <summary>What was wrong with recordings, one line each; empty when nothing was.</summary>
    public IEnumerable<string> Faults => _files.Select(file => file.Fault).OfType<string>();

    /// <summary>Checks an alarm of recording <paramref name="index"/> at the second to which it was read, when all are done.</summary>
    public AlarmVerdict Check(int index, AlarmKind kind) => _files[index].Beats.Check(kind, _request.Options.UntilSeconds ?? _files[index].Seconds);

    /// <summary>Runs all recordings. Returns the exit code: the worst of them.</summary>
    public async Task<int> RunAsync(TimeProvider time, CancellationToken stop)
    {
        try
        {
            await using var source = new RecordingSource(
                _request.Files, _request.Options, Math.Min(Environment.ProcessorCount, _request.Files.Count), new(Opened, Played, Ended));
            await using var networks = new NetworkRegistry(new InferenceOptions(), time);
            if (_network is not null)
                networks.Add(_network, (asked, sizes) => asked.Package.Open(sizes));
            if (Fetal is not null)
                networks.Add(Fetal, (asked, sizes) => asked.Package.Open(sizes));
            if (Autoencoder is not null)
                networks.Add(Autoencoder, (asked, sizes) => asked.Package.Open(sizes));
            if (Qrs is not null)
                networks.Add(Qrs);
            await using var local = new LocalActors();
            await using var partitions = new Partitions(new TopologyOptions { MaxDevicesPerPatient = MaxDevices, MaxPatientBytes = MaxPatientBytes, MaxPartitionBytes = MaxPartitionBytes }, [this], time, new PartitionParts
            {
                Actors = local.Actors,
                Ctg = Ctg,
                Alarms = _request.Events is null ? null : Alarms,
                Networks = networks,
            });
            await Topology.RunAsync(source, partitions, stop);
        }
        finally
        {
            foreach (var file in _files)
                file.Output?.Dispose();
        }
        return WorstExitCode();
    }

    /// <summary>What is broken weighs more than what holds nothing, which is no fault of a folder in which something else was estimated from.</summary>
    private int WorstExitCode()
    {
        var hasEstimated = _files.Any(file => file.ExitCode == ExitCode.Ok);
        bool IsForgiven(int i) => hasEstimated && _files[i].ExitCode == ExitCode.NothingToEstimate && _request.Found.Contains(_request.Files[i]);
        var codes = _files.Select((file, i) => IsForgiven(i) ? ExitCode.Ok : file.ExitCode);
        return codes.MaxBy(code => code == ExitCode.NothingToEstimate ? 0.5 : code);
    }

    /// <summary>
    /// What should be known of the recordings, and what was wrong with them, in the order of the files. The kinds of channels are said once
    /// for all recordings that have the same.
    /// </summary>
    public IEnumerable<string> Remarks()
    {
        var said = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < _files.Length; i++)
        {
            var file = _files[i];
            foreach (var note in file.Notes)
                yield return note;
            if (file.Channels is { } channels && said.Add(channels))
                yield return $"{Path.GetFileName(_request.Files[i])}{MoreLike(channels)}: {channels}";
            if (file.Fault is not null)
                yield return file.Fault;
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        _files[batch.Shard].Output?.Take(batch);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string MoreLike(string channels) => _files.Count(file => file.Channels == channels) is > 1 and var count ? $" and {count - 1} more" : "";

    private void Opened(int index, Recording recording)
    {
        var file = _files[index];
        var name = Path.GetFileName(_request.Files[index]);
        file.Notes.AddRange(recording.Notes.Where(note => note != recording.ChannelsNote).Select(note => $"{name}: {note}"));
        if (ChannelNeeds.FindNone(recording) is { } needs)
            throw new NothingToEstimateException(name, needs);
        file.Channels = recording.ChannelsNote;
        file.Notes.AddRange(ChannelNeeds.TooSlow(recording).Concat(ChannelNeeds.WithoutUnit(recording)).Select(need => $"{name}: {need}"));
        file.Seconds = recording.Seconds;
        foreach (var (_, rate, layout) in recording.Devices)
            if (layout.IndicesOf(SignalKind.Ppg).Length > 0 && _network?.FindMisfit(rate, WindowShape.Default) is { } misfit)
                file.Notes.Add($"{name}: {misfit}: {Stages.Classical} estimates");
        var ecg = recording.Devices.MaxBy(device => device.RateHz < EcgStage.MinRateHz ? 0 : device.Channels.IndicesOf(SignalKind.Ecg).Length);    // the one whose beats are written
        var hasEcg = ecg.RateHz >= EcgStage.MinRateHz && ecg.Channels.IndicesOf(SignalKind.Ecg).Length > 0;
        if (!hasEcg && (_request.Denoised ?? _request.Encodings) is not null)
            file.Notes.Add($"{name}: no ECG of {EcgStage.MinRateHz} Hz or more: nothing is denoised");
        var rows = _request.Outputs is { } outputs ? new EstimateFile(outputs[index]) : new EstimateFile(_standardOutput);
        file.Output = new(recording, _request.Format, rows, _request.Beats is { } beats ? new EstimateFile(beats[index]) : null,
            _request.Events is { } events ? new EstimateFile(events[index]) : null)
        {
            Taken = _taken is null ? null : point => _taken(index, point),
            Checked = file.Beats,
            Denoised = _request.Denoised is { } denoised && hasEcg ? DenoisedFile.Of(new EstimateFile(denoised[index]), recording.Seconds, ecg.RateHz, ecg.Channels) : null,
            Encodings = _request.Encodings is { } encodings && hasEcg ? new EncodingsFile(new EstimateFile(encodings[index]), ecg.RateHz) : null,
        };
    }

    private void Played(int index, double seconds) => _files[index].PlayedSeconds = seconds;

    private void Ended(int index, RecordingException? fault)
    {
        var file = _files[index];
        var name = Path.GetFileName(_request.Files[index]);
        var refused = file.Output?.DeadLetter;
        (file.Fault, file.ExitCode) = (fault, refused) switch
        {
            (NothingToEstimateException none, _) =>
                (string.Join('\n', none.Channels.Select(channel => $"{name}: nothing to estimate: {channel}")), ExitCode.NothingToEstimate),
            (NoRecordingException, _) when _request.Found.Contains(_request.Files[index]) => ($"{fault.Message}: passed over", ExitCode.NothingToEstimate),
            (not null, _) => (fault.Message, ExitCode.BadUsage),
            (_, not null) => ($"{name}: {refused.Reason}", refused.Stage == "chunk" ? ExitCode.BadUsage : ExitCode.Failed),
            _ => (null, ExitCode.Ok),
        };
        if (file.Fault is null && file.Output is { } output)
        {
            output.Finish();
            if (output.RowCount == 0)
                file.Notes.Add($"{name}: no estimates: {(file.Seconds < 8 ? "it is shorter than a window of 8 s" : "nothing is estimated from its kinds of signals")}");
        }
        file.Output?.Dispose();
        file.IsEnded = true;
    }

    /// <summary>How one recording fares. Written by its own thread, read by the one that shows progress.</summary>
    private sealed class RecordedFile
    {
        private double _played;

        public EstimateOutput? Output { get; set; }

        public List<string> Notes { get; } = [];

        public RecordedBeats Beats { get; } = new();

        /// <summary>The kinds of its channels, in a line.</summary>
        public string? Channels { get; set; }

        public string? Fault { get; set; }

        public int ExitCode { get; set; }

        public double Seconds { get; set; }

        public double PlayedSeconds { set => Volatile.Write(ref _played, value); }

        public bool IsEnded { get; set; }

        public double Progress => IsEnded ? 1 : Seconds > 0 ? Math.Min(1, Volatile.Read(ref _played) / Seconds) : 0;
    }
}
