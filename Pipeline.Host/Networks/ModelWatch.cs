using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Pipeline.Actors.Serving;
using Pipeline.Models.Packages;

namespace Pipeline.Host.Networks;

/// <summary>
/// Looks at the folder of the model in service from time to time. What is new there is taken once two looks in a row saw the same bytes (nobody is
/// copying any more) and the package is whole, fits and was opened; what does not is refused once, with the reason, and the present model stays.
/// </summary>
/// <param name="folder">The package's folder.</param>
/// <param name="models">The models in service; stay the caller's.</param>
/// <param name="time">For the intervals.</param>
/// <param name="log">Told of what is taken and refused.</param>
internal sealed class ModelWatch(string folder, ServedModels models, TimeProvider time, ILogger log) : IDisposable
{
    private readonly ReloadMetrics _metrics = new();
    private string? _seen;      // by the look before
    private string? _settled;   // what was taken or refused last

    /// <summary>Looks each <paramref name="interval"/> until <paramref name="stop"/>.</summary>
    public async Task RunAsync(TimeSpan interval, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                Look();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Looks once.</summary>
    public void Look()
    {
        var found = Fingerprint();
        if (found == _seen && found != _settled)
        {
            _settled = found;
            Settle();
        }
        _seen = found;
    }

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();

    private void Settle()
    {
        var before = models.Current;
        try
        {
            var package = ModelPackage.Load(folder);
            if (package.Identity != before.Identity)
                Take(new RateModel(package), before.Identity);
            else if (package.Manifest.Sha256[ModelPackage.NetworkFile] != before.Package.Manifest.Sha256[ModelPackage.NetworkFile])
                throw new InvalidDataException($"it has another {ModelPackage.NetworkFile} under the same name and version: a new version is wanted");
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            _metrics.Refused();
            log.Refused(folder, before.Identity, fault.Message.ReplaceLineEndings(" "));
        }
    }

    private void Take(RateModel next, string before)
    {
        try
        {
            models.Replace(next);
        }
        catch
        {
            next.Dispose();
            throw;
        }
        _metrics.Taken();
        log.Taken(next.Identity, before);
    }

    /// <summary>Of the bytes of all files; a file that is not there, or cannot be read now, counts as such.</summary>
    private string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in new[] { ModelPackage.ManifestFile, ModelPackage.NetworkFile, ModelPackage.WeightsFile })
        {
            byte[] bytes;
            try
            {
                bytes = File.ReadAllBytes(Path.Combine(folder, file));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                bytes = [];
            }
            hash.AppendData(BitConverter.GetBytes(bytes.LongLength));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What became of new packages.</summary>
    private sealed class ReloadMetrics : IDisposable
    {
        private readonly Meter _meter = new("Pipeline.Models");
        private readonly Counter<long> _reloads;

        public ReloadMetrics() => _reloads = _meter.CreateCounter<long>("pipeline.model.reloads", "{package}", "New packages of the model in service, by what became of them");

        public void Taken() => _reloads.Add(1, new KeyValuePair<string, object?>("fate", "taken"));

        public void Refused() => _reloads.Add(1, new KeyValuePair<string, object?>("fate", "refused"));

        public void Dispose() => _meter.Dispose();
    }
}
