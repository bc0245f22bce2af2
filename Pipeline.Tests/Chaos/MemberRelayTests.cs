using System.Net;
using System.Net.Sockets;
using Pipeline.Chaos.Servers;
using Xunit;

namespace Pipeline.Tests.Chaos;

/// <summary>The way between two members that chaos cuts.</summary>
public sealed class MemberRelayTests : IAsyncLifetime
{
    private readonly TcpListener _member = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));
    private MemberRelay _relay = null!;

    public Task InitializeAsync()
    {
        _member.Start();
        _relay = new MemberRelay(((IPEndPoint)_member.LocalEndpoint).Port);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _relay.DisposeAsync();
        _member.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task Bytes_pass_in_both_directions()
    {
        using var caller = await CallAsync();
        using var called = await _member.AcceptTcpClientAsync(_patience.Token);

        Assert.Equal(1, await PassAsync(caller, called, 1));
        Assert.Equal(2, await PassAsync(called, caller, 2));
    }

    [Fact]
    public async Task Nothing_passes_while_it_is_cut_and_all_of_it_afterwards()
    {
        using var caller = await CallAsync();
        using var called = await _member.AcceptTcpClientAsync(_patience.Token);
        using var direct = new TcpClient();
        await direct.ConnectAsync((IPEndPoint)_member.LocalEndpoint, _patience.Token);
        using var directCalled = await _member.AcceptTcpClientAsync(_patience.Token);
        _relay.Cut();
        using var late = await CallAsync();
        var accepting = _member.AcceptTcpClientAsync(_patience.Token).AsTask();
        var passing = PassAsync(caller, called, 3);
        for (byte sent = 0; sent < 100; sent++)     // time enough, on a way beside it
            Assert.Equal(sent, await PassAsync(direct, directCalled, sent));
        Assert.False(passing.IsCompleted);
        Assert.False(accepting.IsCompleted);

        _relay.Mend();

        Assert.Equal(3, await passing);
        using var lateCalled = await accepting;
        Assert.Equal(4, await PassAsync(late, lateCalled, 4));
    }

    [Fact]
    public async Task A_member_that_ends_ends_its_callers_connection()
    {
        using var caller = await CallAsync();
        (await _member.AcceptTcpClientAsync(_patience.Token)).Dispose();

        Assert.Equal(0, await caller.GetStream().ReadAsync(new byte[1], _patience.Token));
    }

    private async Task<TcpClient> CallAsync()
    {
        var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, _relay.PublicPort, _patience.Token);
        return caller;
    }

    private async Task<byte> PassAsync(TcpClient from, TcpClient to, byte sent)
    {
        await from.GetStream().WriteAsync(new[] { sent }, _patience.Token);
        var received = new byte[1];
        await to.GetStream().ReadExactlyAsync(received, _patience.Token);
        return received[0];
    }
}
