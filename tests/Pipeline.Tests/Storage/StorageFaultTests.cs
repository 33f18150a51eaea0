using System.Collections.Concurrent;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure;
using Azure.Core;

namespace AaClip.Pipeline.Tests.Storage;

/// <summary>
/// Each operation on storage under each fault: it ends well, or by one of the exceptions that callers take for storage in trouble.
/// </summary>
public class StorageFaultTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(3);
    private static readonly ConcurrentDictionary<string, Lazy<Task<(object? Result, string There)>>> Expected = new();

    public static TheoryData<string, string> Table =>
        [.. StorageOperations.All.Keys.SelectMany(operation => Enum.GetNames<StorageFault>().Select(fault => (operation, fault)))];

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_fault_that_passes_changes_nothing(string operation, string fault)
    {
        (object? expected, string expectedThere) = await ExpectedAsync(operation);
        (StorageOperations.Operation what, StorageClients spoiled) = await PrepareAsync(operation);
        ConcurrentDictionary<string, StorageFault> met = new();
        // Each request once: the first of each method and address.
        FaultyTransport transport = new(request =>
            Take(request, Enum.Parse<StorageFault>(fault)) && met.TryAdd($"{request.Method} {request.Uri}", default)
                ? Enum.Parse<StorageFault>(fault)
                : null
        );

        object? actual = await what.Run(azurite.Through(spoiled, transport)).WaitAsync(Hang, TestContext.Current.CancellationToken);

        Assert.Equal(expected, actual);
        Assert.Equal(expectedThere, await StorageOperations.LiesInAsync(spoiled));
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_fault_that_stays_is_told_and_leaves_nothing_half_done(string operation, string fault)
    {
        (object? expected, string expectedThere) = await ExpectedAsync(operation);
        (StorageOperations.Operation what, StorageClients spoiled) = await PrepareAsync(operation);
        FaultyTransport transport = new(request => Take(request, Enum.Parse<StorageFault>(fault)) ? Enum.Parse<StorageFault>(fault) : null);

        Exception? failure = await Record.ExceptionAsync(() =>
            what.Run(azurite.Through(spoiled, transport)).WaitAsync(Hang, TestContext.Current.CancellationToken)
        );
        bool hit = transport.Faults > 0;
        object? healed = await what.Run(spoiled);

        if (hit)
            Assert.True(failure is RequestFailedException { Status: 0 or >= 500 } or AggregateException or IOException, $"{failure}");
        else
            Assert.Null(failure); // it has no such answer
        // Done already, it may say so the second time
        if (failure is not null && Enum.Parse<StorageFault>(fault) is not StorageFault.LostAnswer)
            Assert.Equal(expected, healed);
        Assert.Equal(expectedThere, await StorageOperations.LiesInAsync(spoiled));
    }

    // Half of a blob is a broken connection; half of a listing may come whole.
    private static bool Take(Request request, StorageFault fault) =>
        fault switch
        {
            StorageFault.HalfBody => FaultyTransport.AnswersWhole(request),
            StorageFault.BrokenBody => request.Method == RequestMethod.Get
                && !request.Uri.Query.Contains("comp=metadata", StringComparison.Ordinal),
            _ => true,
        };

    // Without faults: once for each operation.
    private Task<(object? Result, string There)> ExpectedAsync(string operation) =>
        Expected
            .GetOrAdd(
                operation,
                name => new Lazy<Task<(object?, string)>>(async () =>
                {
                    (StorageOperations.Operation what, StorageClients storage) = await PrepareAsync(name);
                    return (await what.Run(storage), await StorageOperations.LiesInAsync(storage));
                })
            )
            .Value;

    private async Task<(StorageOperations.Operation, StorageClients)> PrepareAsync(string name)
    {
        StorageClients storage = await azurite.NewAsync();
        await StorageOperations.All[name].Before(storage);
        return (StorageOperations.All[name], storage);
    }
}
