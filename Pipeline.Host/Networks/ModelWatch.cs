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

    /// <summary>Watches the folder of the network of <paramref name="kind"/>, which is in service.</summary>
    public static ModelWatch Of(NetworkRegistry networks, NetworkKind kind, ReloadMetrics metrics, TimeProvider time, ILogger log)
    {
        ModelPackage Present() => networks[kind.Task]!.Package;     // it is in service
        return new(Present().Folder, Present, package => Replace(networks, kind.Load(package)), metrics, time, log);
    }

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

    private static void Replace(NetworkRegistry networks, INetwork next)
    {
        try
        {
            networks.Replace(next);
        }
        catch
        {
            (next as IDisposable)?.Dispose();
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
