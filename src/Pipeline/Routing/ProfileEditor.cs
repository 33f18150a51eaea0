using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// Changes config/cameras.json for people, and keeps its last versions in config/cameras/. A change is checked as the file is
/// (<see cref="CameraSet.Parse"/>) and written under the ETag that the person saw. Steps: 1. keep the version in force, 2. write the new
/// one, 3. keep it, too. If the program ends in between, the next change or <see cref="HistoryAsync"/> does what is missing. Comments in
/// the file are lost.
/// </summary>
public sealed class ProfileEditor(StorageClients storage, TimeProvider time)
{
    /// <summary>How many versions are kept.</summary>
    public const int MaxVersions = 20;

    private const string Folder = "cameras/";
    private const string WhoKey = "who",
        AtKey = "at";

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly BlobContainerClient _config = storage.Container(ContainerNames.Config);

    /// <summary>Reads the file.</summary>
    /// <returns>The default profiles, without ETag, if there is none.</returns>
    /// <exception cref="InvalidDataException">The file is invalid.</exception>
    public async Task<CameraSet> ReadAsync(CancellationToken cancellation = default) =>
        await FindAsync(cancellation) is { } file ? Parse(file) : CameraSet.Default;

    /// <summary>What a change would do, without doing it.</summary>
    /// <param name="camera">Name of a camera, or pattern.</param>
    /// <param name="profile">Null removes the entry.</param>
    /// <exception cref="InvalidDataException">The profile is invalid; the message names field, value and remedy.</exception>
    public async Task<IReadOnlyList<ProfileChange>> CheckAsync(string camera, JsonNode? profile, CancellationToken cancellation = default)
    {
        ProfileFile? before = await FindAsync(cancellation);
        return ProfileChange.Between(before?.Document, Changed(before, camera, profile));
    }

    /// <summary>Replaces or removes the entry of a camera.</summary>
    /// <param name="camera">Name of a camera, or pattern.</param>
    /// <param name="profile">Null removes the entry.</param>
    /// <param name="etag">Version that the person saw, without quotes; null if there was no file.</param>
    /// <param name="who">Name of the person.</param>
    /// <returns>The new ETag, and what changed.</returns>
    /// <exception cref="InvalidDataException">The profile is invalid; the message names field, value and remedy.</exception>
    /// <exception cref="StaleProfilesException">The file has changed since the person saw it.</exception>
    public Task<(string ETag, IReadOnlyList<ProfileChange> Changes)> ChangeAsync(
        string camera,
        JsonNode? profile,
        string? etag,
        string who,
        CancellationToken cancellation = default
    ) => WriteAsync(before => Changed(before, camera, profile), etag, who, cancellation);

    /// <summary>Sets the threshold of a camera; one without an entry of its own gets one, with what the pattern says otherwise.</summary>
    /// <param name="threshold">Raw score, above 0 and below 1; null removes it and the map threshold.</param>
    /// <exception cref="InvalidDataException">The threshold is out of its range.</exception>
    /// <exception cref="StaleProfilesException">The file has changed since the person saw it.</exception>
    public Task<(string ETag, IReadOnlyList<ProfileChange> Changes)> ThresholdAsync(
        string camera,
        double? threshold,
        string? etag,
        string who,
        CancellationToken cancellation = default
    ) =>
        WriteAsync(
            before =>
            {
                string? key = before is null ? null : Parse(before).KeyOf(camera);
                JsonObject profile = (before?.Document?["cameras"]?[key ?? ""] as JsonObject)?.DeepClone().AsObject() ?? [];
                if (threshold is { } value)
                {
                    profile["threshold"] = value;
                }
                else
                {
                    profile.Remove("threshold");
                    profile.Remove("mapThreshold");
                }

                return Changed(before, camera, profile);
            },
            etag,
            who,
            cancellation
        );

    /// <summary>Puts an earlier version in force.</summary>
    /// <param name="id">One of <see cref="HistoryAsync"/>.</param>
    /// <exception cref="KeyNotFoundException">It is not kept any more.</exception>
    /// <exception cref="StaleProfilesException">The file has changed since the person saw it.</exception>
    public async Task<(string ETag, IReadOnlyList<ProfileChange> Changes)> RestoreAsync(
        string id,
        string? etag,
        string who,
        CancellationToken cancellation = default
    )
    {
        ProfileFile earlier =
            (await VersionsAsync(cancellation)).FirstOrDefault(v => v.Id == id)
            ?? throw new KeyNotFoundException($"Version '{id}' of {CameraProfiles.Blob} is not kept: only the last {MaxVersions} are.");
        return await WriteAsync(_ => earlier.Document!, etag, who, cancellation); // not null: so are all of them
    }

    /// <summary>The versions that are kept, newest first.</summary>
    public async Task<IReadOnlyList<ProfileVersion>> HistoryAsync(CancellationToken cancellation = default)
    {
        ProfileFile? current = await FindAsync(cancellation);
        if (current is { Document: not null })
            await KeepAsync(current, cancellation);
        IReadOnlyList<ProfileFile> versions = await VersionsAsync(cancellation);
        return
        [
            .. versions.Select(
                (version, i) =>
                    new ProfileVersion(
                        version.Id,
                        version.At,
                        version.Who,
                        ProfileChange.Between(versions.ElementAtOrDefault(i + 1)?.Document, version.Document),
                        version.Id == current?.Id
                    )
            ),
        ];
    }

    private async Task<(string ETag, IReadOnlyList<ProfileChange> Changes)> WriteAsync(
        Func<ProfileFile?, JsonNode> change,
        string? etag,
        string who,
        CancellationToken cancellation
    )
    {
        // 1. Keep the version in force
        ProfileFile? before = await FindAsync(cancellation);
        if (before?.ETag != etag)
            throw new StaleProfilesException();
        JsonNode after = change(before);
        IReadOnlyList<ProfileChange> changes = ProfileChange.Between(before?.Document, after);
        if (before is not null)
        {
            if (changes.Count == 0)
                return (before.ETag, changes);
            if (before.Document is not null)
                await KeepAsync(before, cancellation);
        }

        // 2. Write the new one
        DateTimeOffset now = time.GetUtcNow();
        if (now <= before?.At)
            now = before.At.AddTicks(1); // the order of versions is that of their times
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(after, Indented);
        Dictionary<string, string> metadata = new() { [WhoKey] = Uri.EscapeDataString(who), [AtKey] = now.ToString("O") };
        string written;
        try
        {
            BlobUploadOptions options = new()
            {
                Conditions = before is null
                    ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                    : new BlobRequestConditions { IfMatch = new ETag(before.ETag) },
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                Metadata = metadata,
            };
            BlobContentInfo info = await Blob.UploadAsync(BinaryData.FromBytes(json), options, cancellation);
            written = Bare(info.ETag);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Else the answer to this very write was lost, and the client repeated it
            if (await FindAsync(cancellation) is not { } there || there.At != now || !there.Json.AsSpan().SequenceEqual(json))
                throw new StaleProfilesException(e);
            written = there.ETag;
        }

        // 3. Keep it
        await KeepAsync(new ProfileFile(written, json, now, who), cancellation);
        return (written, changes);
    }

    private static JsonNode Changed(ProfileFile? before, string camera, JsonNode? profile)
    {
        if (before is { Document: null })
            Parse(before); // throws: an invalid file is not changed but repaired, or an earlier version is restored
        // Cameras that a file does not name are skipped, and without a file none is: so a first file names all.
        JsonNode root =
            before?.Document?.DeepClone()
            ?? new JsonObject
            {
                ["schemaVersion"] = CameraSet.CurrentSchema,
                ["cameras"] = new JsonObject { ["*"] = new JsonObject() },
            };
        JsonObject cameras = root["cameras"]!.AsObject(); // not null: the file was read before, or made here
        if (profile is null)
            cameras.Remove(camera);
        else
            cameras[camera] = profile.DeepClone();
        CameraSet.Parse(JsonSerializer.SerializeToUtf8Bytes(root), CameraProfiles.Blob);
        return root;
    }

    private async Task KeepAsync(ProfileFile file, CancellationToken cancellation)
    {
        try
        {
            BlobUploadOptions options = new()
            {
                Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                Metadata = new Dictionary<string, string> { [AtKey] = file.At.ToString("O") },
            };
            if (file.Who is { } who)
                options.Metadata[WhoKey] = Uri.EscapeDataString(who);
            await _config.GetBlobClient($"{Folder}{file.Id}.json").UploadAsync(BinaryData.FromBytes(file.Json), options, cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return; // it is kept already
        }

        List<string> names = await _config
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, Folder, cancellation)
            .Select(b => b.Name)
            .ToListAsync(cancellation);
        foreach (string old in names.OrderDescending(StringComparer.Ordinal).Skip(MaxVersions))
            await _config.DeleteBlobIfExistsAsync(old, cancellationToken: cancellation);
    }

    private async Task<IReadOnlyList<ProfileFile>> VersionsAsync(CancellationToken cancellation)
    {
        List<ProfileFile> versions = [];
        await foreach (BlobItem item in _config.GetBlobsAsync(BlobTraits.None, BlobStates.None, Folder, cancellation))
            if (await FindAsync(_config.GetBlobClient(item.Name), cancellation) is { Document: not null } version)
                versions.Add(version);
        return [.. versions.OrderByDescending(v => v.Id, StringComparer.Ordinal)];
    }

    private BlobClient Blob => _config.GetBlobClient(CameraProfiles.Blob);

    private Task<ProfileFile?> FindAsync(CancellationToken cancellation) => FindAsync(Blob, cancellation);

    private static async Task<ProfileFile?> FindAsync(BlobClient blob, CancellationToken cancellation)
    {
        try
        {
            BlobDownloadResult found = await blob.DownloadContentAsync(cancellation);
            IDictionary<string, string> metadata = found.Details.Metadata;
            DateTimeOffset at =
                metadata.TryGetValue(AtKey, out string? text)
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset said)
                    ? said
                    : found.Details.LastModified;
            string? who = metadata.TryGetValue(WhoKey, out string? name) ? Uri.UnescapeDataString(name) : null;
            return new ProfileFile(Bare(found.Details.ETag), found.Content.ToArray(), at.ToUniversalTime(), who);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private static CameraSet Parse(ProfileFile file) => CameraSet.Parse(file.Json, CameraProfiles.Blob, file.ETag);

    private static string Bare(ETag etag) => etag.ToString().Trim('"');

    private sealed record ProfileFile(string ETag, byte[] Json, DateTimeOffset At, string? Who)
    {
        // Ordered by time; the same version has the same name, whoever keeps it.
        public string Id => $"{At.UtcTicks:D19}";

        // Null if it is not valid: other programs can write anything, and health and log tell what is wrong with it.
        public JsonNode? Document { get; } = DocumentOf(Json);

        private static JsonNode? DocumentOf(byte[] json)
        {
            try
            {
                CameraSet.Parse(json, CameraProfiles.Blob);
            }
            catch (InvalidDataException)
            {
                return null;
            }

            ReadOnlySpan<byte> text = json;
            return JsonNode.Parse(text.StartsWith("\uFEFF"u8) ? text[3..] : text, documentOptions: Lenient);
        }
    }
}

/// <summary>The camera profiles have changed since they were read.</summary>
public sealed class StaleProfilesException(Exception? cause = null)
    : IOException("The camera profiles were changed by somebody else meanwhile: load them again, then change them.", cause);
