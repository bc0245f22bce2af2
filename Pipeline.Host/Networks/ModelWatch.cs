using System.Security.Cryptography;
using Pipeline.Actors.Serving;
using Pipeline.Models.Packages;

namespace Pipeline.Host.Networks;

/// <summary>
/// Looks at the folder of a model in service from time to time. What is new there is taken once two looks in a row saw the same bytes (nobody is
/// copying any more) and the package is whole, fits and was opened; what does not is refused once, with the reason, and the present model stays.
/// </summary>
/// <param name="folder">The package's folder.</param>
/// <param name="present">The package in service.</param>
/// <param name="take">Puts another one in service; throws what <see cref="ModelPackage.Load"/> does, and then the present one stays.</param>
/// <param name="metrics">Count what became of new packages; stay the caller's.</param>
/// <param name="time">For the intervals.</param>
/// <param name="log">Told of what is taken and refused.</param>
internal sealed class ModelWatch(string folder, Func<ModelPackage> present, Action<ModelPackage> take, ReloadMetrics metrics, TimeProvider time, ILogger log)
{
    private string? _seen;      // by the look before
    private string? _settled;   // what was taken or refused last

    /// <summary>Watches the folder of the heart-rate network in service.</summary>
    public static ModelWatch Of(ServedModels models, ReloadMetrics metrics, TimeProvider time, ILogger log) =>
        new(models.Current.Package.Folder, () => models.Current.Package, package => Replace(models, package), metrics, time, log);

    /// <summary>Watches the folder of the QRS network in service.</summary>
    public static ModelWatch Of(ServedQrs models, ReloadMetrics metrics, TimeProvider time, ILogger log) =>
        new(models.Current.Package.Folder, () => models.Current.Package, package => models.Replace(new QrsModel(package)), metrics, time, log);

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

    private void Settle()
    {
        var before = present();
        try
        {
            var package = ModelPackage.Load(folder);
            if (package.Identity != before.Identity)
            {
                take(package);
                metrics.Taken(before.Manifest.Task);
                log.Taken(package.Identity, before.Identity);
            }
            else if (FindChanged(package, before) is { } file)
                throw new InvalidDataException($"it has another {file} under the same name and version: a new version is wanted");
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            metrics.Refused(before.Manifest.Task);
            log.Refused(folder, before.Identity, fault.Message.ReplaceLineEndings(" "));
        }
    }

    private static void Replace(ServedModels models, ModelPackage package)
    {
        var next = new RateModel(package);
        try
        {
            models.Replace(next);
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }

    private static string? FindChanged(ModelPackage package, ModelPackage before) =>
        new[] { ModelPackage.NetworkFile, ModelPackage.WeightsFile }.FirstOrDefault(file => package.Manifest.Sha256[file] != before.Manifest.Sha256[file]);

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
}
