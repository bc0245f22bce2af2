using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Pipeline.Chaos.Servers;

/// <summary>
/// The way to a worker's actor system, which can be cut: others are told <see cref="PublicPort"/>, the worker listens at <see cref="Port"/>. While it is cut no byte passes, and new
/// connections get no answer, as in a network that drops packets; what waits passes when it is mended.
/// </summary>
internal sealed class MemberRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = [];
    private readonly Task _accepting;
    private volatile TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Listens.</summary>
    /// <param name="port">Where the worker will listen.</param>
    public MemberRelay(int port)
    {
        Port = port;
        _open.SetResult();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where the worker listens.</summary>
    public int Port { get; }

    /// <summary>Where others reach it.</summary>
    public int PublicPort => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From now on nothing passes.</summary>
    public void Cut() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Everything passes again.</summary>
    public void Mend() => _open.TrySetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var carrying = CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
                _connections.TryAdd(carrying, true);
                _ = carrying.ContinueWith(ended => _connections.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private async Task CarryAsync(TcpClient caller)
    {
        using var worker = new TcpClient();
        using (caller)
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
            try
            {
                await _open.Task.WaitAsync(end.Token);
                await worker.ConnectAsync(IPAddress.Loopback, Port, end.Token);
                var (there, back) = (PumpAsync(caller.GetStream(), worker.GetStream(), end.Token), PumpAsync(worker.GetStream(), caller.GetStream(), end.Token));
                await Task.WhenAny(there, back);
                await end.CancelAsync();    // a connection that one side has ended is ended for the other
                await Task.WhenAll(there, back);
            }
            catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException)
            {
                // The worker does not listen, or one of the two has ended.
            }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, CancellationToken end)
    {
        var buffer = new byte[16_384];
        while (await from.ReadAsync(buffer, end) is > 0 and var length)
        {
            await _open.Task.WaitAsync(end);
            await to.WriteAsync(buffer.AsMemory(0, length), end);
        }
    }
}
