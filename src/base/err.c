/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/err.h"

#include <errno.h>

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
