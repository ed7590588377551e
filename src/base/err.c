/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>

#include "base/lang.h"

const char *hn_strerror(int err)
{
	switch (err) {
	case HN_OK:
		return tr("done", "完了");
	case HN_ETRUNC:
		return tr("ends too early", "途中で切れている");
	case HN_EFORMAT:
		return tr("is malformed", "形式が正しくない");
	case HN_ELIMIT:
		return tr("passes a limit", "上限を超えている");
	case HN_ENOMEM:
		return tr("not enough memory", "メモリ不足");
	case HN_EIO:
		return tr("input/output error", "入出力エラー");
	case HN_ENOENT:
		return tr("is not there", "見つからない");
	case HN_EEXIST:
		return tr("exists already", "既に存在する");
	case HN_EAUTH:
		return tr("does not verify", "検証できない");
	case HN_EUNSUPPORTED:
		return tr("is of an unknown kind or version", "未知の種類または版である");
	case HN_ESTATE:
		return tr("is not possible in this state", "この状態では行えない");
	case HN_ENOSPC:
		return tr("no space left", "空き容量がない");
	default:
		return tr("unknown error", "不明なエラー");
	}
}

#define ERRNO_TEXT_SIZE 32

/* What people meet with files and networks. */
static const struct errno_text {
	int error;
	const char *en, *ja;
} errno_texts[] = {
	{EACCES, "permission denied", "アクセスが許可されていない"},
	{EPERM, "not permitted", "操作が許可されていない"},
	{ENOENT, "no such file or directory", "ファイルまたはディレクトリがない"},
	{ENOTDIR, "not a directory", "ディレクトリではない"},
	{EISDIR, "is a directory", "ディレクトリである"},
	{EEXIST, "exists already", "既に存在する"},
	{ENOSPC, "no space left", "空き容量がない"},
	{EDQUOT, "quota is used up", "割当て容量を使い切った"},
	{EFBIG, "file too large", "ファイルが大きすぎる"},
	{EROFS, "file system is read-only", "読取り専用のファイルシステムである"},
	{EIO, "input/output error", "入出力エラー"},
	{ENOMEM, "not enough memory", "メモリ不足"},
	{EMFILE, "too many open files", "開いているファイルが多すぎる"},
	{ENFILE, "too many open files in the system", "システム全体で開いているファイルが多すぎる"},
	{ELOOP, "too many symbolic links", "シンボリックリンクが多すぎる"},
	{ENAMETOOLONG, "name too long", "名前が長すぎる"},
	{ENOTEMPTY, "directory not empty", "ディレクトリが空ではない"},
	{EINVAL, "invalid argument", "引数が正しくない"},
	{EBUSY, "in use", "使用中である"},
	{EXDEV, "on another file system", "別のファイルシステムにある"},
	{EPIPE, "nobody reads any more", "読み手がいない"},
	{EADDRINUSE, "address already in use", "アドレスは既に使われている"},
	{EADDRNOTAVAIL, "not an address of this machine", "このマシンのアドレスではない"},
	{ECONNREFUSED, "connection refused", "接続が拒否された"},
	{ECONNRESET, "connection reset", "接続が切断された"},
	{ETIMEDOUT, "timed out", "時間切れ"},
	{ENETUNREACH, "network unreachable", "ネットワークに到達できない"},
	{EHOSTUNREACH, "host unreachable", "ホストに到達できない"},
	{EAFNOSUPPORT, "address family not supported", "このアドレス種別は使えない"},
	{ENODEV, "no such device", "その装置はない"},
	{ENOSYS, "not supported by this kernel", "このカーネルは対応していない"},
	{EOPNOTSUPP, "not supported", "対応していない"},
};

const char *hn_errno_text(int error)
{
	static _Thread_local char number[ERRNO_TEXT_SIZE];
	for (size_t i = 0; i < sizeof(errno_texts) / sizeof(errno_texts[0]); i++)
		if (errno_texts[i].error == error)
			return tr(errno_texts[i].en, errno_texts[i].ja);
	(void)snprintf(number, sizeof(number), tr("error %d", "エラー %d"), error);
	return number;
}

int hn_err_of_errno(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return HN_ENOSPC;
	case ENOENT:
		return HN_ENOENT;
	case EEXIST:
		return HN_EEXIST;
	case ENOMEM:
		return HN_ENOMEM;
	default:
		return HN_EIO;
	}
}
